/** How the pages look and listen, in this browser. */
import { html } from "../../vendor/preact.js";
import { density, hasSingleKeys } from "../../lib/settings.js";
import { theme } from "../../lib/theme.js";

/** @param {{legend: string, hint?: string, value: import("../../vendor/preact.js").Signal<string>, choices: Array<[string, string]>}} props */
function Choice({ legend, hint, value, choices }) {
  return html`<fieldset class="settings-choice"><legend>${legend}</legend>
    <div class="row row-wrap">${choices.map(([name, label]) => html`<label key=${name} class="row settings-option">
      <input type="radio" name=${legend} checked=${value.value === name} onChange=${() => (value.value = name)} />${label}</label>`)}</div>
    ${hint && html`<p class="muted small">${hint}</p>`}</fieldset>`;
}

export default function Appearance() {
  return html`<div class="stack settings-form">
    <${Choice} legend="Theme" value=${theme} choices=${[["system", "As the system"], ["light", "Light"], ["dark", "Dark"]]} />
    <${Choice} legend="Rows of tables" value=${density} choices=${[["compact", "Compact, 28 px"], ["normal", "Normal, 32 px"], ["roomy", "Roomy, 40 px"]]} />
    <fieldset class="settings-choice"><legend>Keys</legend>
      <label class="row settings-option"><input type="checkbox" checked=${hasSingleKeys.value} onChange=${() => (hasSingleKeys.value = !hasSingleKeys.value)} />Single letters act, such as j for the next row</label>
      <p class="muted small">Switch them off if you dictate, or if they collide with your screen reader. Keys with Ctrl or ⌘ stay.</p></fieldset>
    <p class="muted small">All of this is kept in this browser alone.</p>
  </div>`;
}
