/** Which reports used an evaluator, and the call that runs it. */
import { html } from "../../vendor/preact.js";
import { Problem } from "../../components/problem.js";
import { Score } from "../../components/score.js";
import { Snippet } from "../../components/snippet.js";
import { Time } from "../../components/time.js";
import { useRequest } from "../../lib/api.js";
import { formatInteger, formatPercent, plural } from "../../lib/format.js";
import { href } from "../../lib/url.js";

const SHOWN = 10;

/** @param {any} part one evaluator of a report */
function figure(part) {
  if (part.score_value_type === "boolean" && part.pass_rate) return formatPercent(part.pass_rate.rate);
  return html`<${Score} value=${part.score} digits=${3} />`;
}

/** @param {{evaluator: any, datasetId: string}} props */
export function UsedBy({ evaluator, datasetId }) {
  const slug = evaluator.evaluator_slug;
  const { data, error, retry } = useRequest({ path: "/api/eval-reports/list/", params: { evaluator_slug: slug, page_size: SHOWN } });
  const call = { method: "POST", path: `/api/datasets/${datasetId || "DATASET_ID"}/eval-reports/create/`, body: { evaluator_slugs: [slug] } };
  return html`<section class="evaluator-used" aria-label="Used by">
    <div class="evaluator-part">
      <h2>Used by ${data ? plural(data.total_count, "report") : "reports"}</h2>
      ${error && html`<${Problem} error=${error} retry=${retry} isInline />`}
      ${data?.results.length === 0 && html`<p class="muted">No report used it yet. Run it on a dataset, from the dataset's page or with the call beside.</p>`}
      ${data?.results.length > 0 && html`<table class="evaluator-table">
        <thead><tr><th scope="col">Report</th><th scope="col">Version</th><th scope="col">Score</th><th scope="col">Rows</th><th scope="col">When</th></tr></thead>
        <tbody>${data.results.map((/** @type {any} */ report) => {
          const part = report.evaluators.find((/** @type {any} */ each) => each.evaluator_slug === slug || each.evaluator_id === evaluator.id);
          return html`<tr key=${report.id}>
            <td><a href=${href(`/datasets/${report.dataset_id}/reports/${report.id}`)}>${report.name || "Report"}</a> <span class="muted">on ${report.dataset_name}</span></td>
            <td>${part ? `v${part.version}` : "–"}</td>
            <td>${part ? figure(part) : "–"}</td>
            <td>${formatInteger(report.log_count)}</td>
            <td class="muted"><${Time} at=${report.created_at} /></td>
          </tr>`;
        })}</tbody></table>`}
      ${data && data.total_count > SHOWN && html`<p class="muted small">The newest ${SHOWN} of ${formatInteger(data.total_count)}.</p>`}
    </div>
    <div class="evaluator-part"><h2>Run it by the API</h2><${Snippet} call=${call} /></div>
  </section>`;
}
