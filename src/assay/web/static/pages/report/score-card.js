/** The card of an evaluator: its mean or rate with the interval, how scores are spread, and what passed. */
import { html, useState } from "../../vendor/preact.js";
import { formatInteger, formatPercent, formatScore, plural } from "../../lib/format.js";
import { isOver, shortScore } from "../../lib/report.js";
import { setParams } from "../../lib/url.js";
import { Histogram } from "../../components/histogram.js";
import { StackedBar } from "../../components/stacked-bar.js";
import { PassLine } from "./pass-line.js";

/** "± 0.031" of an even interval, "[24.3–33.1 %]" of another. @param {any} interval @param {(value: number) => string} write */
function intervalText(interval, write) {
  if (!interval || interval.lower === null || interval.upper === null) return "";
  return interval.method === "student_t"
    ? `± ${write((interval.upper - interval.lower) / 2)}`
    : `${write(interval.lower)}–${write(interval.upper)}`.replace(/ %–/, "–");
}

/** @param {any} task */
function headline(task) {
  const summary = task.summary;
  if (task.score_value_type === "boolean") {
    const rate = summary?.pass_rate ?? null;
    const share = rate?.rate ?? (task.scored_count ? task.passed_count / task.scored_count : null);
    return { big: formatPercent(share), small: intervalText(rate?.confidence_interval, (value) => formatPercent(value)), label: "passed" };
  }
  if (typeof task.score === "number") {
    const clustered = summary?.clustered?.confidence_interval;
    const unit = task.unit ? ` ${task.unit}` : "";
    return {
      big: formatScore(task.score, 3) + unit,
      small: intervalText(clustered ?? summary?.confidence_interval, (value) => formatScore(value, 3)),
      label: clustered ? "mean, 95 % interval over clusters" : "mean, 95 % interval",
    };
  }
  if (task.score_value_type === "numerical" || task.score_value_type === "percentage") return { big: "–", small: "", label: "no score yet" };
  return { big: formatInteger(task.scored_count), small: plural(task.scored_count, "answer").replace(/^\S+ /, ""), label: "answers" };
}

/** How much of the rows the figures stand on. @param {any} task @param {any} report */
function coverageText(task, report) {
  const parts = [task.scored_count === task.cell_count ? `n = ${formatInteger(task.scored_count)}` : `n = ${formatInteger(task.scored_count)} of ${formatInteger(task.cell_count)}`];
  if (task.skipped_count) parts.push(`${formatInteger(task.skipped_count)} skipped`);
  const missing = task.cell_count - task.scored_count - task.skipped_count - task.failed_count;
  if (missing > 0 && isOver(report.state)) parts.push(`${formatInteger(missing)} not run`);
  return parts.join(" · ");
}

/**
 * @param {{task: any, report: any, path: string, view: any, rule: import("../../lib/report.js").PassRule | null,
 *   marks: Record<string, number>}} props
 */
export function ScoreCard({ task, report, path, view, rule, marks }) {
  const slug = task.evaluator_slug;
  const [held, setHeld] = useState(/** @type {number | null} */ (null));
  const { big, small, label } = headline(task);
  const mark = held ?? marks[slug] ?? rule?.threshold ?? null;
  const bins = (task.summary?.histogram ?? []).map((/** @type {any} */ bin) => ({ from: bin.lower, to: bin.upper, count: bin.count }));
  const counts = Object.entries(task.summary?.counts ?? {});
  const isBoolean = task.score_value_type === "boolean";
  const passed = task.summary?.pass_rate?.passed ?? task.passed_count;
  const failing = (task.summary?.pass_rate?.total ?? task.scored_count) - passed;
  /** @param {number} value @param {boolean} isFinal */
  const moveMark = (value, isFinal) => {
    setHeld(isFinal ? null : value);
    if (!isFinal) return;
    const next = { ...marks, [slug]: value };
    if (value === rule?.threshold) delete next[slug];
    setParams({ marks: Object.entries(next).map((pair) => pair.join(":")).join(",") || null, by: slug, score: null }, { replace: true });
  };
  /** @param {string} part */
  const showPart = (part) => setParams({ show: part === "fail" ? "failures" : "passed", by: slug, score: null, row: null });
  return html`<article class="report-card" aria-label=${slug}>
    <h2 class="report-card-name cut" title=${`${task.name} · version ${task.version} · ${task.method}`}>
      ${slug}${task.direction === "higher" ? " ↑" : task.direction === "lower" ? " ↓" : ""}</h2>
    <p class="report-figure"><b>${big}</b> <span class="muted" title=${label}>${small}</span></p>
    <div class="report-chart">
      ${isBoolean || (!bins.length && task.passed_count > 0)
        ? html`<${StackedBar} label=${slug} onSegment=${showPart} chosen=${view.by === slug ? ({ passed: "pass", failures: "fail" }[/** @type {string} */ (view.show)] ?? null) : null} segments=${[
            { id: "pass", label: "pass", count: passed, tone: "plain" },
            { id: "fail", label: "fail", count: failing, tone: "bad" },
          ]} />`
        : bins.length
          ? html`<${Histogram} label=${slug} bins=${bins} height=${48} mark=${rule ? mark : null}
              fails=${rule ? (/^g/.test(rule.operator) ? "below" : "above") : null} range=${view.range?.slug === slug ? [view.range.from, view.range.to] : null}
              onMark=${rule ? moveMark : undefined}
              onRange=${(/** @type {number} */ from, /** @type {number} */ to) => setParams({ show: "all", by: slug, score: `${slug}:${from}..${to}`, row: null })} />`
          : counts.length
            ? html`<${StackedBar} label=${slug} segments=${counts.map(([name, count]) => ({ id: name, label: name, count: Number(count) }))} />`
            : html`<p class="chart-nothing">${task.scored_count ? (isOver(report.state) ? "Nothing to count" : "The spread follows") : "No score yet"}</p>`}
    </div>
    <div class="report-card-foot">
      ${isBoolean
        ? html`<span>${formatInteger(passed)} pass · ${formatInteger(failing)} fail</span>`
        : rule
          ? html`<${PassLine} task=${task} path=${path} rule=${rule} mark=${/** @type {number} */ (mark)} isHeld=${held !== null}
              onReset=${marks[slug] === undefined ? null : () => moveMark(rule.threshold, true)} />`
          : task.summary?.percentiles
            ? html`<span>median ${shortScore(task.summary.percentiles.p50)} · p95 ${shortScore(task.summary.percentiles.p95)}</span>`
            : counts.length > 0 && html`<span class="cut">${counts.slice(0, 3).map(([name, count]) => `${name} ${count}`).join(" · ")}</span>`}
      <span class="muted">${coverageText(task, report)}${task.failed_count > 0 && html` · <span class="bad">${plural(task.failed_count, "error")}</span>`}</span>
    </div>
  </article>`;
}
