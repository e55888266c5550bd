/** The choice of a window of time. */
import { html, useState } from "../vendor/preact.js";
import { WINDOWS, isWindow, windowLabel, windowOf, windowText } from "../lib/time-window.js";
import { Dialog } from "./dialog.js";
import { Field } from "./field.js";
import { Menu } from "./menu.js";

/** A moment as an input of local time writes it. @param {string} iso */
function localText(iso) {
  const at = new Date(iso);
  return new Date(at.getTime() - at.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}

/** @param {{value: string, onChange: (value: string) => void}} props such as "24h", "all", or two moments joined by ".." */
export function TimeRange({ value, onChange }) {
  const [isCustom, setIsCustom] = useState(false);
  const shown = isWindow(value) ? value : "24h";
  const items = [
    ...WINDOWS.map((each) => ({ label: each.label, isChecked: each.value === shown, run: () => onChange(each.value) })),
    null,
    { label: "From … to …", isChecked: shown.includes(".."), run: () => setIsCustom(true) },
  ];
  return html`<${Menu} label=${html`<span class="time-range-label">${windowLabel(shown)}</span>`} items=${items} title="Which time is shown" />
    ${isCustom && html`<${CustomRange} value=${shown} onClose=${() => setIsCustom(false)} onChange=${onChange} />`}`;
}

/** @param {{value: string, onChange: (value: string) => void, onClose: () => void}} props */
function CustomRange({ value, onChange, onClose }) {
  const now = windowOf(value, Date.now());
  const [start, setStart] = useState(localText(now.start_time.startsWith("1970") ? windowOf("7d", Date.now()).start_time : now.start_time));
  const [end, setEnd] = useState(localText(now.end_time ?? new Date().toISOString()));
  const isOrdered = start !== "" && end !== "" && Date.parse(start) < Date.parse(end);
  /** @param {Event} event */
  const submit = (event) => {
    event.preventDefault();
    if (!isOrdered) return;
    onChange(windowText(start, end));
    onClose();
  };
  return html`<${Dialog} title="Window of time" size="small" onClose=${onClose}>
    <form class="stack" onSubmit=${submit}>
      <${Field} label="From">
        ${(/** @type {any} */ field) => html`<input ...${field} type="datetime-local" value=${start} required onInput=${(/** @type {any} */ event) => setStart(event.target.value)} />`}
      </${Field}>
      <${Field} label="To" error=${start && end && !isOrdered ? "The end must be after the beginning." : ""} hint="In this computer’s time zone.">
        ${(/** @type {any} */ field) => html`<input ...${field} type="datetime-local" value=${end} required onInput=${(/** @type {any} */ event) => setEnd(event.target.value)} />`}
      </${Field}>
      <div class="row"><span class="grow"></span><button class="button button-primary" type="submit" disabled=${!isOrdered}>Show</button></div>
    </form>
  </${Dialog}>`;
}
