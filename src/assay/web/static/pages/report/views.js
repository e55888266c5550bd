/** The views of a report: its rows by outcome with their counts, and the analyses; and what narrows the rows. */
import { html } from "../../vendor/preact.js";
import { useRequest } from "../../lib/api.js";
import { isOver, rowParams, shortScore } from "../../lib/report.js";
import { href, setParams, where } from "../../lib/url.js";
import { Tabs } from "../../components/tabs.js";

const ANALYSES = [
  ["slices", "By slice"],
  ["coverage", "Coverage"],
  ["agreement", "Agreement"],
  ["manifest", "How computed"],
];

/** How many rows a view has that the figures do not say. @param {{view: any, path: string, task: any, rule: any, show: string, isAsked: boolean}} how @returns {number | null} */
function useCount({ view, path, task, rule, show, isAsked }) {
  const { include: _, sort: __, sort_evaluator_slug: ___, ...params } = rowParams({ ...view, show, range: null }, task, rule);
  return useRequest(isAsked ? { path: `${path}rows/`, params: { ...params, page_size: 1 } } : null).data?.count ?? null;
}

/** @param {{report: any, path: string, view: any, rules: Record<string, any>, isFailing: boolean}} props */
export function ReportViews({ report, path, view, rules, isFailing }) {
  const tasks = report.evaluators;
  const task = tasks.find((/** @type {any} */ one) => one.evaluator_slug === view.first);
  const shared = { view, path, task, rule: rules[view.first] };
  const over = isOver(report.state);
  const counts = (view.by ? task?.row_counts : null) ?? report.row_counts;
  const isMoved = view.mark !== null;
  const moved = useCount({ ...shared, show: "failures", isAsked: isMoved });
  const passed = useCount({ ...shared, show: "passed", isAsked: view.show === "passed" });
  const failures = isMoved ? moved : (counts?.failure_count ?? null);
  const errors = counts?.error_count ?? null;
  const pending = counts?.pending_count ?? 0;
  const path_ = where.value.path;
  const kept = Object.fromEntries(where.value.params);
  /** @param {string} show @param {string} label @param {number | null} [count] */
  const tab = (show, label, count) => ({
    label,
    count,
    href: href(path_, { ...kept, show, row: null, ...(show === "all" ? {} : { score: null }) }),
    isCurrent: view.show === show,
  });
  const items = [
    ...(isFailing || view.show === "failures" ? [tab("failures", "Failures", failures)] : []),
    ...(view.show === "passed" ? [tab("passed", "Passed", passed)] : []),
    tab("errors", "Errors", errors),
    tab("all", "All", report.log_count),
    ...(pending > 0 || view.show === "pending" ? [tab("pending", over ? "Not run" : "Pending", pending)] : []),
    ...ANALYSES.map(([show, label]) => tab(show, label)),
  ];
  const isChoosing = tasks.length > 1 && ["failures", "passed", "errors", "pending", "slices", "coverage", "agreement"].includes(view.show);
  const isAnalysis = ANALYSES.some(([show]) => show === view.show);
  return html`<div class="report-views">
    <${Tabs} items=${items} label="Views of the report" />
    <div class="report-narrow row row-wrap">
      ${view.range && html`<${Chip} text=${`${view.range.slug} ${shortScore(view.range.from)}–${shortScore(view.range.to)}`} onRemove=${() => setParams({ score: null, show: null })} />`}
      ${view.mark !== null && view.show === "failures" && html`<span class="chip chip-warn">with the mark at ${shortScore(view.mark)}</span>`}
      ${view.label && html`<${Chip} text=${view.label} onRemove=${() => setParams({ label: null })} />`}
      ${isChoosing && !view.range && html`<label class="row small"><span class="muted">of</span>
        <select value=${isAnalysis ? view.first : view.by} onChange=${(/** @type {any} */ event) => setParams({ by: event.target.value || null, row: null })} aria-label="Evaluator">
          ${!isAnalysis && html`<option value="">any evaluator</option>`}
          ${tasks.map((/** @type {any} */ one) => html`<option key=${one.evaluator_slug} value=${one.evaluator_slug}>${one.evaluator_slug}</option>`)}
        </select></label>`}
      ${(view.range || view.show === "failures" || view.show === "passed") && html`<span class="muted small">worst ${tasks.length > 1 ? (view.range?.slug ?? view.first) : ""} first</span>`}
    </div>
  </div>`;
}

/** @param {{text: string, onRemove: () => void}} props */
function Chip({ text, onRemove }) {
  return html`<span class="chip chip-accent report-chip">${text}
    <button type="button" class="report-chip-remove" aria-label=${`Remove ${text}`} onClick=${onRemove}>×</button></span>`;
}
