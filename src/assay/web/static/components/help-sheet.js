/** All keys, as the table of keys has them. */
import { html } from "../vendor/preact.js";
import { KEYS, shownKey } from "../lib/keys.js";
import { hasSingleKeys } from "../lib/settings.js";
import { href } from "../lib/url.js";
import { Dialog } from "./dialog.js";

/** The table of keys by place. */
export function KeyTable() {
  const places = [...new Set(KEYS.map((entry) => entry.where))];
  return html`<div class="keys">
    ${places.map(
      (place) => html`<section key=${place}><h3>${place}</h3>
        <dl>${KEYS.filter((entry) => entry.where === place).map(
          (entry) => html`<div key=${entry.id} class="keys-line"><dt>${entry.label}</dt>
            <dd>${entry.keys.map((key) => html`<kbd key=${key}>${shownKey(key)}</kbd> `)}</dd></div>`,
        )}</dl>
      </section>`,
    )}
  </div>`;
}

/** @param {{onClose: () => void}} props */
export function HelpSheet({ onClose }) {
  return html`<${Dialog} title="Keys" onClose=${onClose} size="large">
    ${!hasSingleKeys.value && html`<p class="muted">Single keys are off: <a href=${href("/settings/appearance")} onClick=${onClose}>Settings</a> turns them on.</p>`}
    <${KeyTable} />
  </${Dialog}>`;
}
