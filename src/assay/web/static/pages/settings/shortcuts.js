/** The keyboard map. */
import { html } from "../../vendor/preact.js";
import { KEYS, shownKey } from "../../lib/keys.js";
import { hasSingleKeys } from "../../lib/settings.js";
import { href } from "../../lib/url.js";

export default function Shortcuts() {
  const places = [...new Set(KEYS.map((entry) => entry.where))];
  return html`<div class="stack">
    ${!hasSingleKeys.value && html`<p class="warn">Single letters are switched off in this browser: <a href=${href("/settings/appearance")}>appearance</a>.</p>`}
    <div class="keys">${places.map((place) => html`<section key=${place}><h2>${place}</h2>
      ${KEYS.filter((entry) => entry.where === place).map((entry) => html`<p key=${entry.id} class="keys-line"><span>${entry.label}</span><span>${entry.keys.map((key) => html`<kbd key=${key}>${shownKey(key)}</kbd> `)}</span></p>`)}
    </section>`)}</div>
  </div>`;
}
