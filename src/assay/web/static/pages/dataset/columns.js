/** The columns of the rows of a dataset: known ones, and any JSON path. */
import { html } from "../../vendor/preact.js";
import { formatInteger, formatSeconds, formatUsd } from "../../lib/format.js";
import { valueAt } from "../../lib/json-path.js";
import { previewOf } from "../../lib/preview.js";
import { Score } from "../../components/score.js";
import { Time } from "../../components/time.js";

export const DEFAULTS = ["input", "output", "expected_output", "score", "updated_at"];

/** @type {Array<{id: string, label: string, hint?: string}>} */
export const CHOICES = [
  { id: "input", label: "Input" },
  { id: "output", label: "Output" },
  { id: "expected_output", label: "Expected" },
  { id: "score", label: "Score", hint: "latest report" },
  { id: "metadata", label: "Metadata" },
  { id: "model", label: "Model" },
  { id: "status", label: "Status" },
  { id: "latency", label: "Latency" },
  { id: "cost", label: "Cost" },
  { id: "total_request_tokens", label: "Tokens" },
  { id: "customer_identifier", label: "Customer" },
  { id: "created_at", label: "Added" },
  { id: "updated_at", label: "Updated" },
  { id: "id", label: "Id" },
];
const PAYLOAD_LABELS = { input: "Input", output: "Output", expected_output: "Expected", metadata: "Metadata" };
const SORTABLE = new Set(["model", "status", "latency", "cost", "total_request_tokens", "customer_identifier", "created_at", "updated_at", "id"]);

/** Whether a column shows more than the preview of a row holds. @param {string} id */
export const needsPayloads = (id) => /^(input|output|expected_output|metrics)\./.test(id) || id === "metrics";

const missing = html`<span class="muted">–</span>`;
/** @param {any} text */
const cut = (text) => (text === null || text === undefined || text === "" ? missing : html`<span class="cut">${text}</span>`);

/** The cell of a payload: the server's preview, or ours of the whole. @param {string} name */
const payload = (name) => (/** @type {any} */ row) => {
  const value = `${name}_preview` in row ? row[`${name}_preview`] : row[name] === null || row[name] === undefined ? null : previewOf(row[name]);
  if (value === null) return missing;
  return value === "" ? html`<span class="muted">empty text</span>` : html`<span class="cut">${value}</span>`;
};

/** @param {any} value */
function anyValue(value) {
  if (value === null || value === undefined) return missing;
  if (typeof value === "number" || typeof value === "boolean") return html`<span class="cut">${String(value)}</span>`;
  return cut(previewOf(value));
}

/** @param {any} row @param {any} task */
function scoreOf(row, task) {
  const score = task && row.scores?.[task.evaluator_id];
  if (!score) return missing;
  if (score.status === "failed") return html`<span class="chip chip-bad" title=${score.error_message ?? ""}>✗ error</span>`;
  return html`<${Score} value=${score.score_value} range=${[task.minimum, task.maximum]} isPassed=${score.is_passed} kind=${task.score_value_type} />`;
}

/** @type {Record<string, {width: number, align?: "end", render: (row: any) => any}>} */
const KNOWN = {
  model: { width: 140, render: (row) => cut(row.model) },
  status: { width: 96, render: (row) => (row.status === "error" ? html`<span class="bad">✗ error</span>` : cut(row.status)) },
  latency: { width: 88, align: "end", render: (row) => formatSeconds(row.latency) },
  cost: { width: 88, align: "end", render: (row) => formatUsd(row.cost) },
  total_request_tokens: { width: 80, align: "end", render: (row) => formatInteger(row.total_request_tokens) },
  customer_identifier: { width: 130, render: (row) => cut(row.customer_identifier) },
  created_at: { width: 110, render: (row) => html`<${Time} at=${row.created_at} />` },
  updated_at: { width: 110, render: (row) => html`<${Time} at=${row.updated_at} />` },
  id: { width: 140, render: (row) => html`<span class="cut mono" title=${row.id}>${row.id}</span>` },
};

/**
 * @param {string[]} ids @param {any} task the evaluator whose score is shown, null where there is no report
 * @returns {import("../../lib/grid-columns.js").Column[]}
 */
export function columnsOf(ids, task) {
  const place = { id: "#", label: "#", name: "Place", width: 56, minWidth: 48, align: /** @type {const} */ ("end"), isPinned: true,
    render: (/** @type {any} */ _row, /** @type {number} */ index) => html`<span class="muted mono">${index + 1}</span>` };
  return [place, ...ids.filter((id) => id !== "score" || task).map((id) => columnOf(id, task))];
}

/** @param {string} id @param {any} task @returns {import("../../lib/grid-columns.js").Column} */
function columnOf(id, task) {
  const label = CHOICES.find((choice) => choice.id === id)?.label ?? id;
  if (id in PAYLOAD_LABELS) {
    const render = id === "metadata" ? (/** @type {any} */ row) => (Object.keys(row.metadata ?? {}).length ? anyValue(row.metadata) : missing) : payload(id);
    return { id, label, width: id === "expected_output" ? 200 : 260, grow: true, isEditable: true, render };
  }
  if (id === "score") return { id, label: task.evaluator_slug, title: `${task.name}, of the latest report that judged the row`, width: Math.max(110, Math.min(180, task.evaluator_slug.length * 7 + 24)), render: (row) => scoreOf(row, task) };
  if (id in KNOWN) return { id, label, isSortable: SORTABLE.has(id), ...KNOWN[id] };
  const isContent = /^(input|output|expected_output|metadata|metrics)\./.test(id);
  return { id, label: id, name: id, title: id, width: 180, grow: true, isEditable: isContent, render: (row) => anyValue(valueAt(row, id)) };
}
