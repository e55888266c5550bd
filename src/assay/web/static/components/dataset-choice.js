/** Where rows go: a new dataset with a name, or one that is there. */
import { html } from "../vendor/preact.js";
import { useRequest } from "../lib/api.js";
import { formatInteger } from "../lib/format.js";
import { Field } from "./field.js";

/** @typedef {{id: string, name: string, dataset?: any}} Target `id` is "" for a dataset that is to be made, `name` is that one's */

/** @param {{target: Target, onChange: (target: Target) => void, error?: string[]}} props */
export function DatasetChoice({ target, onChange, error }) {
  const { data } = useRequest({ path: "/api/datasets/list/", params: { page_size: 500 } });
  const datasets = data?.results ?? [];
  const choose = (/** @type {string} */ id) => onChange({ ...target, id, dataset: datasets.find((/** @type {any} */ each) => each.id === id) });
  return html`<div class="row row-wrap dataset-choice">
    <${Field} label="Into">
      ${(/** @type {any} */ field) => html`<select ...${field} value=${target.id} onChange=${(/** @type {any} */ event) => choose(event.target.value)}>
        <option value="">a new dataset</option>
        ${datasets.map((/** @type {any} */ each) => html`<option key=${each.id} value=${each.id}>${each.name} (${formatInteger(each.log_count)} rows)</option>`)}
      </select>`}
    </${Field}>
    ${!target.id &&
    html`<div class="grow"><${Field} label="Its name" error=${error}>
      ${(/** @type {any} */ field) => html`<input ...${field} type="text" maxlength="255" value=${target.name} onInput=${(/** @type {any} */ event) => onChange({ ...target, name: event.target.value })} />`}
    </${Field}></div>`}
  </div>`;
}
