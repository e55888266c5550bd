/** The reports of a dataset: the trend of every score, and the list of them. */
import { html } from "../../vendor/preact.js";
import { Figure } from "../../components/figure.js";
import { ReportList } from "../../components/report-list.js";
import { Sparkline } from "../../components/sparkline.js";
import { useRequest } from "../../lib/api.js";
import { formatPercent, formatScore, plural } from "../../lib/format.js";
import { figureOf } from "../../lib/trends.js";

const TREND_OF = 20;

/** @param {{dataset: any, onDialog: (dialog: string) => void}} props */
export default function DatasetReports({ dataset, onDialog }) {
  return html`<div class="dataset-reports">
    <${Trends} datasetId=${dataset.id} />
    <${ReportList} datasetId=${dataset.id} onRun=${() => onDialog("run")} />
  </div>`;
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
