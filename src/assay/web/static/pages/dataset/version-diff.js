/** How the rows differ between two versions: added, removed, changed, each with its values. */
import { html, useState } from "../../vendor/preact.js";
import { useRequest } from "../../lib/api.js";
import { CONTENT, LABELS, pathOf } from "../../lib/dataset-rows.js";
import { formatInteger } from "../../lib/format.js";
import { previewOf } from "../../lib/preview.js";
import { href, setParams, where } from "../../lib/url.js";
import { Button } from "../../components/button.js";
import { Empty } from "../../components/empty.js";
import { Problem } from "../../components/problem.js";
import { Skeleton } from "../../components/skeleton.js";
import { ValuePane } from "../../components/value-pane.js";
import { ChangedFields } from "./changed-fields.js";

const PAGE_SIZE = 50;
const SIGNS = { added: "+", removed: "−", changed: "~" };
const LOOKS = { added: "good", removed: "bad", changed: "warn" };

/** @param {{dataset: any, versions: any[], from: string, to: string}} props */
export function VersionDiff({ dataset, versions, from, to }) {
  const page = Number(where.value.params.get("page")) || 1;
  const { data, error, retry, isLoading } = useRequest({ path: `${pathOf(dataset.id)}versions/diff/`, params: { from, to, page, page_size: PAGE_SIZE } });
  const choose = (/** @type {"from" | "to"} */ name) => (/** @type {any} */ event) => setParams({ from, to, [name]: event.target.value, page: null });
  const options = [...versions.map((each) => ({ value: String(each.number), label: `v${each.number}${each.tag ? ` ${each.tag}` : ""}` }))];
  const known = (/** @type {string} */ value) => (options.some((each) => each.value === value) || value === "0" ? [] : [{ value, label: value }]);
  const pages = data ? Math.max(1, Math.ceil(data.total_count / PAGE_SIZE)) : 1;
  return html`<header class="row row-wrap versions-pick">
      <label class="row small">From <select value=${from} onChange=${choose("from")}>
        ${[...known(from), ...options, { value: "0", label: "nothing" }].map((each) => html`<option key=${each.value} value=${each.value}>${each.label}</option>`)}</select></label>
      <label class="row small">to <select value=${to} onChange=${choose("to")}>
        ${[...known(to), ...options].map((each) => html`<option key=${each.value} value=${each.value}>${each.label}</option>`)}</select></label>
      ${data && html`<span class="version-counts" role="status">
        <span class="good">${formatInteger(data.added_count)} added</span><span class="bad">${formatInteger(data.removed_count)} removed</span>
        <span class="warn">${formatInteger(data.changed_count)} changed</span></span>`}
    </header>
    ${!data
      ? error ? html`<${Problem} error=${error} retry=${retry} />` : html`<${Skeleton} lines=${8} label="Comparing" />`
      : html`<div class=${isLoading ? "versions-stale" : ""}>
          ${error && html`<${Problem} error=${error} retry=${retry} isInline=${true} />`}
          ${data.results.length === 0 && html`<${Empty} title="No difference" text="Both versions hold the same rows with the same content." />`}
          <ul>${data.results.map((/** @type {any} */ row) => html`<${DiffRow} key=${`${from} ${to} ${row.id}`} row=${row} dataset=${dataset} from=${from} to=${to} isOpenAtFirst=${data.results.length <= 3} />`)}</ul>
          ${pages > 1 && html`<nav class="row" aria-label="Pages of the difference">
            <${Button} isDisabled=${page <= 1} onClick=${() => setParams({ page: page - 1 > 1 ? page - 1 : null })}>Previous</${Button}>
            <span class="muted small">Page ${formatInteger(page)} of ${formatInteger(pages)}</span>
            <${Button} isDisabled=${page >= pages} onClick=${() => setParams({ page: page + 1 })}>Next</${Button}>
          </nav>`}
        </div>`}`;
}

/** @param {{row: any, dataset: any, from: string, to: string, isOpenAtFirst: boolean}} props */
function DiffRow({ row, dataset, from, to, isOpenAtFirst }) {
  const [isOpen, setIsOpen] = useState(isOpenAtFirst);
  const kind = /** @type {keyof typeof SIGNS} */ (row.kind);
  const whole = row.after ?? row.before;
  const version = kind === "removed" ? from : to;
  return html`<li class="version-row"><details open=${isOpen} onToggle=${(/** @type {any} */ event) => setIsOpen(event.target.open)}>
    <summary class="row">
      <span class=${`version-sign ${LOOKS[kind]}`}>${SIGNS[kind]}<span class="visually-hidden"> ${kind}</span></span>
      <span class="grow cut">${previewOf(whole.input) || row.id}</span>
      <span class="muted small">${kind === "changed" ? row.fields.map((/** @type {string} */ name) => name.replace("_output", "")).join(", ") : kind}</span>
    </summary>
    ${isOpen && html`<div class="version-values">
      ${kind === "changed"
        ? html`<${ChangedFields} fields=${row.fields} before=${row.before} after=${row.after} />`
        : CONTENT.filter((name) => whole[name] !== null && whole[name] !== undefined && (name !== "metadata" || Object.keys(whole[name]).length)).map(
            (name) => html`<${ValuePane} key=${name} label=${LABELS[name]} path=${name} value=${whole[name]} />`,
          )}
      <p class="small"><a href=${href(`/datasets/${dataset.id}`, { version, row: row.id })}>Open the row in v${version}</a></p>
    </div>`}
  </details></li>`;
}
