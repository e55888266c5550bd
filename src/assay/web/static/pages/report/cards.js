/** The cards of a report: one for each evaluator, then how long judging took and what it cost. */
import { html } from "../../vendor/preact.js";
import { ChartTable } from "../../components/chart-table.js";
import { Histogram } from "../../components/histogram.js";
import { formatCompact, formatSeconds, formatUsd, plural } from "../../lib/format.js";
import { isOver } from "../../lib/report.js";
import { ScoreCard } from "./score-card.js";

/** @param {{report: any, path: string, view: any, rules: Record<string, any>, marks: Record<string, number>}} props */
export function ReportCards({ report, path, view, rules, marks }) {
  return html`<section class="report-cards" aria-label="Scores">
    ${report.evaluators.map((/** @type {any} */ task) => html`<${ScoreCard} key=${task.evaluator_slug} task=${task} report=${report}
      path=${path} view=${view} rule=${rules[task.evaluator_slug]} marks=${marks} />`)}
    <${LatencyCard} tasks=${report.evaluators} />
    <${CostCard} report=${report} />
  </section>`;
}

/** The slowest evaluator first: it is what a run waits for. @param {{tasks: any[]}} props */
function LatencyCard({ tasks }) {
  const known = tasks
    .map((task) => ({ slug: task.evaluator_slug, ...(task.summary?.latency_seconds ?? {}) }))
    .filter((task) => task.percentiles)
    .sort((one, other) => other.percentiles.p50 - one.percentiles.p50);
  const slowest = known[0];
  const bins = (slowest?.histogram ?? []).map((/** @type {any} */ bin) => ({ from: bin.lower, to: bin.upper, count: bin.count }));
  return html`<article class="report-card" aria-label="Latency">
    <h2 class="report-card-name cut">Latency${slowest && tasks.length > 1 ? ` of ${slowest.slug}` : ""}</h2>
    <p class="report-figure"><b>${slowest ? formatSeconds(slowest.percentiles.p50) : "–"}</b> <span class="muted">p50</span></p>
    <div class="report-chart">
      ${bins.length > 0
        ? html`<${Histogram} label=${`Latency of ${slowest.slug}`} bins=${bins} height=${48} fails=${null} noun="judgement" format=${formatSeconds} />`
        : known.slice(1, 4).map((task) => html`<p key=${task.slug} class="report-line"><span class="cut">${task.slug}</span><span>${formatSeconds(task.percentiles.p50)}</span></p>`)}
    </div>
    <div class="report-card-foot">
      <span>${slowest ? `p95 ${formatSeconds(slowest.percentiles.p95)}` : "Known once rows are judged"}</span>
      <span class="row muted">${slowest ? `max ${formatSeconds(slowest.maximum)}` : ""} <span class="grow"></span>
        ${known.length > 0 && html`<${ChartTable} label="Latency by evaluator" sentence="Seconds of one judgement." columns=${["evaluator", "p50", "p95", "p99", "max"]}
          rows=${known.map((task) => [task.slug, formatSeconds(task.percentiles.p50), formatSeconds(task.percentiles.p95), formatSeconds(task.percentiles.p99), formatSeconds(task.maximum)])} />`}</span>
    </div>
  </article>`;
}

/** So far, in all as the pilot says, and against the budget. @param {{report: any}} props */
function CostCard({ report }) {
  const over = isOver(report.state);
  const { finished_count } = report.progress;
  const perRow = report.log_count && finished_count ? (report.cost_usd / finished_count) * (report.progress.cell_count / report.log_count) : null;
  const budget = report.settings.budget_usd;
  return html`<article class="report-card" aria-label="Cost">
    <h2 class="report-card-name">Cost</h2>
    <p class="report-figure"><b>${formatUsd(report.cost_usd)}</b> <span class="muted">${over ? "in all" : "so far"}</span></p>
    <div class="report-chart report-lines">
      ${!over && report.estimate && html`<p title=${`From ${plural(report.estimate.pilot_cells, "judgement")}: ${report.estimate.method}`}>≈ ${formatUsd(report.estimate.cost_usd)} in all</p>`}
      ${perRow !== null && report.cost_usd > 0 && html`<p>${formatUsd(perRow)} per row</p>`}
      ${budget !== null && html`<p class=${report.cancel_reason === "budget" ? "warn" : ""}>budget ${formatUsd(budget)}</p>`}
      ${report.evaluators.filter((/** @type {any} */ task) => task.cost_usd > 0).length > 1 && report.evaluators.map((/** @type {any} */ task) => task.cost_usd > 0 &&
        html`<p key=${task.evaluator_slug} class="report-line"><span class="cut">${task.evaluator_slug}</span><span>${formatUsd(task.cost_usd)}</span></p>`)}
    </div>
    <div class="report-card-foot"><span>${formatCompact(report.tokens.input)} tokens in · ${formatCompact(report.tokens.output)} out</span>
      ${report.unknown_cost_count > 0 && html`<span class="warn">${plural(report.unknown_cost_count, "cost")} unknown</span>`}</div>
  </article>`;
}
