/** The columns of a list of reports. */
import { html } from "../../vendor/preact.js";
import { formatInteger, formatPercent, formatScore, formatSeconds, formatUsd } from "../../lib/format.js";
import { isOver, STATES, stateChip } from "../../lib/report.js";
import { href } from "../../lib/url.js";
import { Progress } from "../../components/progress.js";
import { Time } from "../../components/time.js";

/** @param {any} report */
function State({ report }) {
  const { finished_count, cell_count } = report.progress;
  if (report.state !== "running") return html`<span class=${stateChip(report.state)}>${report.state === "completed" ? "✓ " : ""}${STATES[report.state]}</span>`;
  return html`<span class="report-list-state"><${Progress} done=${finished_count} total=${cell_count} label=${`Progress of ${report.name}`} />
    <span class="small">${formatPercent(cell_count ? finished_count / cell_count : null, 0)}</span></span>`;
}

/** A score in few characters: a mean with its interval, or a pass rate. @param {any} task */
function shortScore(task) {
  if (task.score_value_type === "boolean") {
    const rate = task.pass_rate;
    return { value: formatPercent(rate?.rate ?? (task.scored_count ? task.passed_count / task.scored_count : null)), interval: rate?.confidence_interval && `${formatPercent(rate.confidence_interval.lower)} to ${formatPercent(rate.confidence_interval.upper)}` };
  }
  const interval = task.confidence_interval;
  if (typeof task.score !== "number") return { value: "–", interval: null };
  const half = interval && interval.lower !== null ? ` ± ${formatScore((interval.upper - interval.lower) / 2, 3)}` : "";
  return { value: formatScore(task.score, 3) + half, interval: interval && `${formatScore(interval.lower, 3)} to ${formatScore(interval.upper, 3)}` };
}

/** @param {any} report */
function Scores({ report }) {
  return html`<span class="report-list-scores cut">${report.evaluators.map((/** @type {any} */ task) => {
    const { value, interval } = shortScore(task);
    return html`<span key=${task.evaluator_slug} title=${`${task.evaluator_slug}: ${value}${interval ? `, 95 % interval ${interval}` : ""}, ${formatInteger(task.scored_count)} scored`}>
      <span class="muted">${task.evaluator_slug}</span> ${value}</span>`;
  })}</span>`;
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
      render: (/** @type {any} */ report) => html`<a class="cut" href=${href(`/datasets/${report.dataset_id}/reports/${report.id}`)}>${report.name}</a>`,
    },
    ...(hasDataset ? [{
      id: "dataset_name", label: "Dataset", width: 140, minWidth: 80, isSortable: true,
      render: (/** @type {any} */ report) => html`<a class="cut" href=${href(`/datasets/${report.dataset_id}`)}>${report.dataset_name}</a>
        <span class="muted small"> v${report.dataset_version}</span>`,
    }] : []),
    { id: "state", label: "State", width: 125, minWidth: 90, render: (/** @type {any} */ report) => html`<${State} report=${report} />` },
    { id: "scores", label: "Scores, 95 % interval", width: 400, minWidth: 160, render: (/** @type {any} */ report) => html`<${Scores} report=${report} />` },
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
