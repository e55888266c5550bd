/** How a run goes: its version, trials, budget, and what is rarely needed. */
import { html } from "../vendor/preact.js";
import { useRequest } from "../lib/api.js";
import { formatInteger } from "../lib/format.js";
import { Field } from "./field.js";

/** @param {{dataset: any, settings: import("../lib/run-eval.js").Settings, errors: Record<string, string[]>, onChange: (changes: Partial<import("../lib/run-eval.js").Settings>) => void}} props */
export function RunSettings({ dataset, settings, errors, onChange }) {
  const { data } = useRequest({ path: `/api/datasets/${dataset.id}/versions/list/`, params: { page_size: 50 } });
  const typed = (/** @type {string} */ name) => (/** @type {any} */ event) => onChange({ [name]: event.target.value });
  const number = (/** @type {keyof import("../lib/run-eval.js").Settings} */ name, /** @type {any} */ more) => (/** @type {any} */ field) =>
    html`<input ...${field} ...${more} type="number" value=${settings[name]} onInput=${typed(name)} />`;
  return html`<div class="run-settings">
      <${Field} label="Rows" error=${errors.dataset_version}>
        ${(/** @type {any} */ field) => html`<select ...${field} value=${settings.version} onChange=${typed("version")}>
          <option value="">all ${formatInteger(dataset.log_count)}, newest version</option>
          ${(data?.results ?? []).map((/** @type {any} */ each) => html`<option key=${each.number} value=${String(each.number)}>version ${each.number}${each.tag ? ` (${each.tag})` : ""}, ${formatInteger(each.log_count)} rows</option>`)}
        </select>`}
      </${Field}>
      <${Field} label="Trials" hint="How often each row is judged." error=${errors.trials}>${number("trials", { min: 1, max: 20 })}</${Field}>
      <${Field} label="Budget, US dollars" hint="It stops before it costs more." error=${errors.budget_usd}>${number("budgetUsd", { min: 0, step: "any", placeholder: "no limit" })}</${Field}>
    </div>
    <details class="run-more"><summary>More settings</summary><div class="run-settings">
      <${Field} label="Name" error=${errors.name}>${(/** @type {any} */ field) => html`<input ...${field} type="text" maxlength="255" placeholder="the evaluators" value=${settings.name} onInput=${typed("name")} />`}</${Field}>
      <${Field} label="Cluster by" hint="Metadata path of rows that belong together: intervals grow to what is true." error=${errors.cluster_by}>
        ${(/** @type {any} */ field) => html`<input ...${field} type="text" placeholder="metadata.customer" value=${settings.clusterBy} onInput=${typed("clusterBy")} />`}</${Field}>
      <${Field} label="Calls at once" error=${errors.max_concurrency}>${number("concurrency", { min: 1, max: 256, placeholder: "64" })}</${Field}>
      <label class="row"><input type="checkbox" checked=${settings.isCached} onChange=${() => onChange({ isCached: !settings.isCached })} />share answers of equal judge calls</label>
    </div></details>`;
}
