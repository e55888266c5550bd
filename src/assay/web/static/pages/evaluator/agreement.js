/** How far the evaluator agrees with people, where a report on the dataset knows. */
import { html } from "../../vendor/preact.js";
import { useRequest } from "../../lib/api.js";
import { formatPercent, formatScore, plural } from "../../lib/format.js";
import { href } from "../../lib/url.js";

/** @param {{evaluator: any, datasetId: string}} props */
export function Agreement({ evaluator, datasetId }) {
  const reports = useRequest({
    path: "/api/eval-reports/list/",
    params: { evaluator_slug: evaluator.evaluator_slug, dataset_id: datasetId, status: "completed", page_size: 1 },
  });
  const report = reports.data?.results[0];
  const { data } = useRequest(report ? { path: `/api/datasets/${datasetId}/eval-reports/${report.id}/agreement/`, params: { evaluator_slug: evaluator.evaluator_slug } } : null);
  if (!data?.labelled_row_count) return null;
  const part = data.labels ?? data.pass;
  const kappa = part?.kappa?.value;
  const share = part?.accuracy?.total;
  if (typeof share !== "number") return null;
  return html`<p class="small">Agrees with people on ${formatPercent(share, 0)} of ${plural(part.n ?? data.labelled_row_count, "row")}${typeof kappa === "number" ? ` (κ ${formatScore(kappa)})` : ""}
    ${" "}<span class="muted">${data.is_stale ? "as another version judged them in" : "in"} <a href=${href(`/datasets/${datasetId}/reports/${report.id}`)}>${report.name || "the latest report"}</a></span></p>`;
}
