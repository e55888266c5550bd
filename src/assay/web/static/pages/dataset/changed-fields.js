/** What differs between two states of a row, field by field. */
import { html } from "../../vendor/preact.js";
import { LABELS } from "../../lib/dataset-rows.js";
import { jsonInText } from "../../lib/preview.js";
import { DiffView } from "../../components/diff-view.js";

/** @param {any} value */
const read = (value) => jsonInText(value) ?? value ?? null;

/** @param {{fields: string[], before: any, after: any}} props */
export function ChangedFields({ fields, before, after }) {
  return html`<div class="stack">${fields.map((name) => html`<section key=${name} class="panel-section" aria-label=${LABELS[name] ?? name}>
    <p class="small muted">${LABELS[name] ?? name}</p>
    <${DiffView} before=${read(before?.[name])} after=${read(after?.[name])} beforeName="before" afterName="after" />
  </section>`)}</div>`;
}
