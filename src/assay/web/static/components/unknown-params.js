/** Parameters of the address that this page does not know: shown, never dropped. */
import { html } from "../vendor/preact.js";
import { setParams, where } from "../lib/url.js";

/** @param {{known: string[]}} props the parameters that the page reads */
export function UnknownParams({ known }) {
  const unknown = [...new Set([...where.value.params.keys()])].filter((name) => !known.includes(name));
  if (unknown.length === 0) return null;
  return html`<div class="filter-unknown">
    ${unknown.map(
      (name) => html`<span key=${name} class="chip chip-warn">“${name}” in the address means nothing here
        <button type="button" class="filter-unknown-remove" aria-label=${`Remove ${name} from the address`} onClick=${() => setParams({ [name]: null }, { replace: true })}>×</button>
      </span>`,
    )}
  </div>`;
}
