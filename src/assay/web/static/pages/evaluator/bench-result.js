/** What a bench found: the means, their difference, and a table of the rows. */
import { html, useMemo, useState } from "../../vendor/preact.js";
import { LazyPart } from "../../components/lazy-part.js";
import { Score } from "../../components/score.js";
import { formatInteger, formatPercent, formatScore, formatSeconds, formatUsd, plural } from "../../lib/format.js";
import { previewOf } from "../../lib/preview.js";
import { Agreement } from "./agreement.js";

const benchRow = () => import("./bench-row.js").then((module) => module.BenchRow);

/** @param {any} version @param {boolean} isReadOnly */
const nameOf = (version, isReadOnly) => (isReadOnly ? `v${version}` : `v${version} saved`);

/** @param {{evaluator: any, answer: any}} props */
export function BenchResult({ evaluator, answer }) {
  const [openId, setOpenId] = useState("");
  const [order, setOrder] = useState("sampled");
  const { comparison } = answer;
  const rows = useMemo(() => ordered(answer.rows, order, evaluator.direction), [answer, order]);
  const now = answer.is_draft ? "Edited" : `v${answer.version}`;
  const range = /** @type {[any, any]} */ ([evaluator.score_config?.min_score, evaluator.score_config?.max_score]);
  const open = answer.rows.find((/** @type {any} */ row) => row.log_id === openId);
  return html`
    <${Summary} evaluator=${evaluator} answer=${answer} />
    ${answer.warnings.map((/** @type {string} */ text) => html`<p key=${text} class="evaluator-notice">${text}</p>`)}
    <${Agreement} evaluator=${evaluator} datasetId=${answer.dataset_id} />
    ${answer.rows.length === 0
      ? html`<p class="muted">The dataset has no rows.</p>`
      : html`<div class="bench-order row small"><span class="muted grow">${plural(answer.rows.length, "row")} of ${formatInteger(answer.row_count)}</span>
        <label class="row">Order <select aria-label="Order of the rows" value=${order} onChange=${(/** @type {any} */ event) => setOrder(event.target.value)}>
          <option value="sampled">as sampled</option><option value="change">biggest change</option><option value="worst">worst first</option></select></label></div>
      <div class="bench-scroll" role="region" aria-label="Rows of the bench" tabindex="0"><table class="bench-table">
        <thead><tr><th scope="col">Row</th>${comparison && html`<th scope="col">${nameOf(comparison.version, comparison.is_read_only)}</th>`}
          <th scope="col">${now}</th>${comparison && html`<th scope="col">Δ</th>`}<th scope="col">Why</th></tr></thead>
        <tbody>${rows.map((/** @type {any} */ row) => html`<tr key=${row.log_id}>
          <td><button type="button" class="bench-open" dir="auto" title="Show the row" onClick=${() => setOpenId(row.log_id)}>${previewOf(row.inputs.input, 90) || row.log_id}</button></td>
          ${comparison && html`<td class="bench-score"><${Cell} cell=${row.before} range=${range} /></td>`}
          <td class="bench-score"><${Cell} cell=${row} range=${range} /></td>
          ${comparison && html`<td class="bench-score"><${Delta} row=${row} direction=${evaluator.direction} /></td>`}
          <td class="bench-why" dir="auto">${row.status === "failed" ? html`<span class="bad">${row.error_message}</span>` : previewOf(row.explanation, 240)}</td>
        </tr>`)}</tbody>
      </table></div>`}
    ${open && html`<${LazyPart} load=${benchRow} row=${open} onClose=${() => setOpenId("")} />`}`;
}

/** An answer; an error is an error and never a 0. @param {{cell: any, range: [any, any]}} props */
function Cell({ cell, range }) {
  if (!cell) return html`<span class="muted">–</span>`;
  if (cell.status === "failed") return html`<span class="chip chip-bad" title=${cell.error_message ?? ""}>error</span>`;
  if (cell.status === "skipped") return html`<span class="chip" title=${cell.explanation ?? ""}>skipped</span>`;
  return html`<${Score} value=${cell.score} isPassed=${cell.is_passed} range=${range} />`;
}

/** @param {{row: any, direction: string}} props */
function Delta({ row, direction }) {
  if (row.delta === null || row.delta === undefined) return html`<span class="muted">${row.is_changed ? "changed" : "–"}</span>`;
  if (row.delta === 0) return html`<span class="muted">0</span>`;
  const isBetter = direction === "none" ? null : row.delta > 0 === (direction === "higher");
  return html`<span class=${isBetter === null ? "" : isBetter ? "good" : "bad"}>${row.delta > 0 ? "▲ +" : "▼ "}${formatScore(row.delta)}</span>`;
}

/** @param {any[]} rows @param {string} order @param {string} direction */
function ordered(rows, order, direction) {
  if (order === "change") return [...rows].sort((a, b) => Math.abs(b.delta ?? (b.is_changed ? Infinity : 0)) - Math.abs(a.delta ?? (a.is_changed ? Infinity : 0)));
  if (order !== "worst") return rows;
  const badness = (/** @type {any} */ row) =>
    row.status === "failed" ? Infinity : Number(row.score ?? 0) * (direction === "lower" ? 1 : -1);
  return [...rows].sort((a, b) => badness(b) - badness(a));
}

/** @param {{evaluator: any, answer: any}} props */
function Summary({ evaluator, answer }) {
  const { summary, comparison } = answer;
  const mean = (/** @type {number | null} */ value) => (evaluator.score_value_type === "boolean" ? formatPercent(value) : formatScore(value, 3));
  const counted = [
    summary.passed_count > 0 || evaluator.passing_conditions || evaluator.score_value_type === "boolean" ? `${formatInteger(summary.passed_count)} of ${plural(summary.scored_count, "scored row")} pass` : plural(summary.scored_count, "scored row"),
    summary.skipped_count > 0 && `${formatInteger(summary.skipped_count)} skipped`,
  ].filter(Boolean);
  const difference = comparison?.mean_difference;
  const interval = comparison?.interval;
  return html`<div class="bench-summary" role="status">
    <p class="bench-mean">${summary.mean === null ? html`<span class="muted">no mean</span>` : html`<span class="muted">mean </span>
      ${comparison?.summary.mean !== null && comparison !== null && html`${mean(comparison.summary.mean)} → `}<strong>${mean(summary.mean)}</strong>`}
      ${typeof difference === "number" && html` <span class="muted small">Δ ${difference > 0 ? "+" : ""}${formatScore(difference, 3)}${interval ? `, 95 % CI ${formatScore(interval.lower, 2)} to ${formatScore(interval.upper, 2)}` : ""}</span>`}</p>
    <p class="muted small">${counted.join(" · ")}${summary.failed_count > 0 && html` · <span class="bad">${plural(summary.failed_count, "error")}, without a score</span>`}
      ${comparison && ` · ${formatInteger(comparison.changed_count)} changed`} · ${costOf(summary)} · ${formatSeconds(summary.latency_seconds)} a row</p>
  </div>`;
}

/** @param {any} summary */
function costOf(summary) {
  const all = summary.scored_count + summary.skipped_count + summary.failed_count;
  if (all > 0 && summary.unknown_cost_count === all) return "cost unknown";
  return `${formatUsd(summary.cost_usd)}${summary.unknown_cost_count > 0 ? ` and ${plural(summary.unknown_cost_count, "row")} of unknown cost` : ""}`;
}
