/** The reports of a dataset: the trend of every score, and each report with its state and figures. */
import { html, useEffect } from "../../vendor/preact.js";
import { Empty } from "../../components/empty.js";
import { Button } from "../../components/button.js";
import { Figure } from "../../components/figure.js";
import { Problem } from "../../components/problem.js";
import { Progress } from "../../components/progress.js";
import { Skeleton } from "../../components/skeleton.js";
import { Sparkline } from "../../components/sparkline.js";
import { Time } from "../../components/time.js";
import { invalidate, useRequest } from "../../lib/api.js";
import { formatInteger, formatPercent, formatScore, formatUsd, plural } from "../../lib/format.js";
import { isOver, STATES, stateChip } from "../../lib/report.js";
import { figureOf } from "../../lib/trends.js";
import { href, setParams, useParam } from "../../lib/url.js";

const PAGE_SIZE = 50;
const TREND_OF = 20;
const LOOK_MILLISECONDS = 2_000;

/** @param {{dataset: any, onDialog?: (dialog: string) => void}} props */
export default function DatasetReports({ dataset, onDialog }) {
  const [page] = useParam("page", "1");
  const params = { dataset_id: dataset.id, page, page_size: PAGE_SIZE, sort_by: "-created_at" };
  const { data, error, retry } = useRequest({ path: "/api/eval-reports/list/", params });
  const reports = data?.results ?? [];
  const isMoving = reports.some((/** @type {any} */ report) => !isOver(report.state));
  useEffect(() => {
    if (!isMoving) return undefined;
    const timer = setTimeout(() => invalidate("/api/eval-reports/"), LOOK_MILLISECONDS);
    return () => clearTimeout(timer);
  }, [data]);
  if (error && !data) return html`<${Problem} error=${error} retry=${retry} />`;
  if (!data) return html`<${Skeleton} lines=${6} />`;
  if (!data.total_count) {
    return html`<${Empty} title="No reports yet" text="A report is one run of evaluators over the rows: scores with their intervals, and the failures first.">
      ${onDialog && html`<${Button} kind="primary" onClick=${() => onDialog("run")}>Run eval</${Button}>`}</${Empty}>`;
  }
  const pages = Math.ceil(data.total_count / PAGE_SIZE);
  return html`<div class="dataset-reports">
    <${Trends} datasetId=${dataset.id} />
    <div class="dataset-table" tabindex="0" role="region" aria-label="Reports"><table>
      <thead><tr><th scope="col">Report</th><th scope="col">State</th><th scope="col">Rows</th><th scope="col">Scores</th><th scope="col">Errors</th><th scope="col">Cost</th><th scope="col">Started</th></tr></thead>
      <tbody>${reports.map((/** @type {any} */ report) => html`<${ReportLine} key=${report.id} report=${report} />`)}</tbody>
    </table></div>
    <div class="row"><span class="muted small grow">${plural(data.total_count, "report")}</span>
      ${pages > 1 && html`<${Button} isDisabled=${page === "1"} onClick=${() => setParams({ page: Number(page) - 1 })}>Newer</${Button}>
        <span class="muted small">${page} of ${pages}</span><${Button} isDisabled=${Number(page) >= pages} onClick=${() => setParams({ page: Number(page) + 1 })}>Older</${Button}>`}</div>
  </div>`;
}

/** @param {{report: any}} props */
function ReportLine({ report }) {
  const address = href(`/datasets/${report.dataset_id}/reports/${report.id}`);
  const failures = report.evaluators.reduce((/** @type {number} */ sum, /** @type {any} */ part) => sum + part.failed_count, 0);
  return html`<tr>
    <td><a href=${address}>${report.name}</a> <span class="muted small">v${report.dataset_version}</span></td>
    <td><span class=${stateChip(report.state)}>${STATES[report.state]}</span>
      ${!isOver(report.state) && html`<${Progress} done=${report.progress.finished_count} total=${report.progress.cell_count} label=${`Progress of ${report.name}`} />`}</td>
    <td>${formatInteger(report.log_count)}${report.trials > 1 ? ` × ${report.trials}` : ""}</td>
    <td><div class="dataset-figures">${report.evaluators.map((/** @type {any} */ part) => html`<${Figure} key=${part.evaluator_slug} part=${part} />`)}</div></td>
    <td class=${failures ? "bad" : "muted"}>${formatInteger(failures)}</td>
    <td>${formatUsd(report.cost_usd)}</td>
    <td><${Time} at=${report.created_at} /></td>
  </tr>`;
}

/** @param {{datasetId: string}} props */
function Trends({ datasetId }) {
  const { data } = useRequest({ path: "/api/eval-reports/trends/", params: { dataset_ids: datasetId, last: TREND_OF } });
  const lines = /** @type {any[]} */ (data?.results[datasetId] ?? []);
  if (lines.length < 2) return null;
  const slugs = [...new Set(lines.flatMap((line) => line.evaluators.map((/** @type {any} */ part) => part.evaluator_slug)))];
  return html`<section class="dataset-trends" aria-label="Trends">
    ${slugs.map((slug) => {
      const parts = lines.map((line) => line.evaluators.find((/** @type {any} */ part) => part.evaluator_slug === slug));
      const last = parts.findLast(Boolean);
      const { isShare } = figureOf(last);
      const format = (/** @type {number} */ value) => (isShare ? formatPercent(value) : formatScore(value, 3));
      return html`<div key=${slug} class="dataset-trend"><h3 class="cut">${slug}</h3><${Figure} part=${last} hasName=${false} />
        <${Sparkline} label=${slug} points=${parts.map((part) => (part ? figureOf(part).value : null))} width=${200} height=${40} format=${format} />
        <p class="muted small">the last ${plural(parts.filter(Boolean).length, "report")}</p></div>`;
    })}
  </section>`;
}
