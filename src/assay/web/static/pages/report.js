/** An eval report: how far it is, what it found with intervals, what failed first, and how it was computed. */
import { html, useMemo } from "../vendor/preact.js";
import { useRequest } from "../lib/api.js";
import { useKeys } from "../lib/keys.js";
import { canFail, firstToFail, passRuleOf, readMarks, readRange } from "../lib/report.js";
import { setParams, useParam } from "../lib/url.js";
import { Problem } from "../components/problem.js";
import { Skeleton } from "../components/skeleton.js";
import { LazyPart } from "../components/lazy-part.js";
import { ReportCards } from "./report/cards.js";
import { ReportHead } from "./report/head.js";
import { ReportNotices } from "./report/notices.js";
import { ReportRows } from "./report/rows.js";
import { ReportViews } from "./report/views.js";
import { useReport } from "./report/use-report.js";

const loadAnalysis = () => import("./report/analysis.js").then((module) => module.default);
const ROW_VIEWS = ["failures", "errors", "all", "pending", "passed"];

/** @param {{params: {dataset_id?: string, report_id: string}}} props */
export default function ReportPage({ params }) {
  const { report, error, retry, isConnected, wasRunning, pace, path } = useReport(params.dataset_id, params.report_id);
  const [asked] = useParam("show");
  const [by] = useParam("by");
  const [range] = useParam("score");
  const [marks] = useParam("marks");
  const [label] = useParam("label");
  // It never changes: what the run was made of.
  const { data: manifest, isLoading: isManifestLoading } = useRequest(path ? { path: `${path}manifest/` } : null);
  const definitions = useMemo(
    () => Object.fromEntries((manifest?.evaluators ?? []).map((/** @type {any} */ part) => [part.evaluator_slug, part.definition])),
    [manifest],
  );
  useKeys({ failures: () => setParams({ show: null, score: null, row: null }) });
  // What can fail decides what is shown first: rows that came before it would be asked for twice.
  if (!report || (!manifest && isManifestLoading)) return error && !report ? html`<${Problem} error=${error} retry=${retry} />` : html`<${Skeleton} lines=${8} />`;

  const tasks = report.evaluators;
  const rules = Object.fromEntries(tasks.map((/** @type {any} */ task) => [task.evaluator_slug, passRuleOf(task, definitions[task.evaluator_slug])]));
  const known = tasks.some((/** @type {any} */ task) => task.evaluator_slug === by) ? by : "";
  const first = known || firstToFail(tasks, definitions);
  const scoreRange = readRange(range);
  const isFailing = tasks.some((/** @type {any} */ task) => canFail(task, definitions[task.evaluator_slug]));
  const show = asked || (isFailing && !scoreRange ? "failures" : "all");
  // `by` is empty for any evaluator; `first` is the one that sorts and is analysed.
  const view = { show, by: known, first, range: scoreRange, label, mark: readMarks(marks)[known] ?? null };
  const shared = { report, path: /** @type {string} */ (path), view, rules, definitions };
  return html`<div class="report">
    <${ReportHead} ...${shared} pace=${pace} isConnected=${isConnected} wasRunning=${wasRunning} />
    <${ReportNotices} report=${report} />
    <${ReportCards} ...${shared} marks=${readMarks(marks)} />
    <${ReportViews} ...${shared} isFailing=${isFailing} />
    ${ROW_VIEWS.includes(show)
      ? html`<${ReportRows} ...${shared} />`
      : html`<${LazyPart} load=${loadAnalysis} hasSkeleton=${true} ...${shared} manifest=${manifest} />`}
  </div>`;
}
