/** The columns of a list of reports. */
import { html } from "../vendor/preact.js";
import { formatInteger, formatPercent, formatScore, formatSeconds, formatUsd } from "../lib/format.js";
import { isOver, STATES, stateChip } from "../lib/report.js";
import { figureOf } from "../lib/trends.js";
import { href } from "../lib/url.js";
import { Figure } from "./figure.js";
import { Progress } from "./progress.js";
import { Time } from "./time.js";

/** @param {any} report */
function State({ report }) {
  const { finished_count, cell_count } = report.progress;
  if (report.state !== "running") return html`<span class=${stateChip(report.state)}>${report.state === "completed" ? "✓ " : ""}${STATES[report.state]}</span>`;
  return html`<span class="report-list-state"><${Progress} done=${finished_count} total=${cell_count} label=${`Progress of ${report.name}`} />
    <span class="small">${formatPercent(cell_count ? finished_count / cell_count : null, 0)}</span></span>`;
}

/** What a pointer that rests on a figure is told. @param {any} task */
function told(task) {
  const { interval, isShare } = figureOf(task);
  const written = (/** @type {number} */ value) => (isShare ? formatPercent(value) : formatScore(value, 3));
  const between = interval ? `, 95 % interval ${written(interval.lower)} to ${written(interval.upper)}` : "";
  return `${task.evaluator_slug}: ${formatInteger(task.scored_count)} scored${between}`;
}

/** @param {any} report */
function Scores({ report }) {
  return html`<span class="report-list-scores cut">${report.evaluators.map((/** @type {any} */ task) =>
    html`<span key=${task.evaluator_slug} title=${told(task)}><${Figure} part=${task} /></span>`)}</span>`;
}

/** @param {any} report */
const failedCount = (report) => report.evaluators.reduce((/** @type {number} */ sum, /** @type {any} */ task) => sum + task.failed_count, 0);

/** @param {any} report */
function duration(report) {
  if (!report.started_at || !isOver(report.state) || !report.completed_at) return "–";
  return formatSeconds((Date.parse(report.completed_at) - Date.parse(report.started_at)) / 1000);
}

/** @param {boolean} hasDataset whether the reports are of several datasets */
export function reportColumns(hasDataset) {
  return [
    {
      id: "name", label: "Report", width: 190, minWidth: 120, isSortable: true,
      render: (/** @type {any} */ report) => html`<a class="cut" href=${href(`/datasets/${report.dataset_id}/reports/${report.id}`)}>${report.name}</a>
        ${!hasDataset && html`<span class="muted small"> v${report.dataset_version}</span>`}`,
    },
    ...(hasDataset ? [{
      id: "dataset_name", label: "Dataset", width: 140, minWidth: 80, isSortable: true,
      render: (/** @type {any} */ report) => html`<a class="cut" href=${href(`/datasets/${report.dataset_id}`)}>${report.dataset_name}</a>
        <span class="muted small"> v${report.dataset_version}</span>`,
    }] : []),
    { id: "state", label: "State", width: 125, minWidth: 90, render: (/** @type {any} */ report) => html`<${State} report=${report} />` },
    { id: "scores", label: "Scores, 95 % interval", width: 400, minWidth: 160, grow: true, render: (/** @type {any} */ report) => html`<${Scores} report=${report} />` },
    { id: "log_count", label: "Rows", width: 64, minWidth: 60, align: "end", isSortable: true, render: (/** @type {any} */ report) => formatInteger(report.log_count) },
    {
      id: "errors", label: "Errors", width: 62, minWidth: 60, align: "end",
      render: (/** @type {any} */ report) => html`<span class=${failedCount(report) ? "bad" : "muted"}>${formatInteger(failedCount(report))}</span>`,
    },
    { id: "cost", label: "Cost", width: 66, minWidth: 60, align: "end", render: (/** @type {any} */ report) => `${formatUsd(report.cost_usd)}${report.unknown_cost_count ? "+" : ""}` },
    { id: "duration", label: "Took", width: 76, minWidth: 60, align: "end", render: duration },
    { id: "created_at", label: "Started", width: 116, minWidth: 80, isSortable: true, render: (/** @type {any} */ report) => html`<${Time} at=${report.created_at} />` },
  ];
}
