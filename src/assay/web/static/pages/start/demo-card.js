/** Loads the demo, so that every page has something to show. */
import { html, useState } from "../../vendor/preact.js";
import { Button } from "../../components/button.js";
import { Progress } from "../../components/progress.js";
import { invalidate, request } from "../../lib/api.js";
import { formatInteger } from "../../lib/format.js";
import { useJob } from "../../lib/job.js";
import { href } from "../../lib/url.js";

/** @param {{demo: any, onLoaded: () => void}} props `demo` is what GET /api/demo/ answers, null while it is not known */
export function DemoCard({ demo, onLoaded }) {
  const [jobId, setJobId] = useState(/** @type {string | null} */ (null));
  const [error, setError] = useState("");
  const { job } = useJob(jobId ?? demo?.job?.id ?? null, (ended) => {
    if (ended.state === "failed") setError(ended.error_message);
    invalidate("/api/");
    onLoaded();
  });
  const load = () => {
    setError("");
    request("POST", "/api/demo/").then((started) => setJobId(started.id), (caught) => setError(caught.message));
  };
  const isLoading = job?.state === "running";
  const made = job?.state === "completed" ? job.outcome : null;
  return html`<aside class="start-demo" aria-label="Demo">
    <h2>No data at hand?</h2>
    <p class="muted">4,020 request logs with real job titles, a dataset of 400 sampled from them, three evaluators and a report. No model is asked, nothing leaves this machine.</p>
    ${isLoading &&
    html`<${Progress} done=${job.done_count} total=${job.total_count} label="Loading the demo" />
      <p class="muted small">${formatInteger(job.done_count)} of ${job.total_count ? formatInteger(job.total_count) : "…"} logs and rows</p>`}
    ${error && html`<p class="bad" role="alert">${error}</p>`}
    ${!isLoading && demo && !demo.is_loaded && !made && html`<div><${Button} kind="primary" onClick=${load}>Load the demo</${Button}></div>`}
    ${made &&
    html`<p class="good">✓ Loaded ${formatInteger(made.log_count)} logs and 400 rows.</p>
      <div class="row row-wrap"><a class="button button-primary" href=${href(`/datasets/${made.dataset_id}/reports/${made.report_id}`)}>Open the report</a>
        <a class="button" href=${href(`/datasets/${made.dataset_id}`)}>Open the dataset</a></div>`}
    ${!made && demo?.is_loaded && html`<p class="good">✓ The demo is here.</p><div><a class="button" href=${href(`/datasets/${demo.dataset_id}`)}>Open its dataset</a></div>`}
  </aside>`;
}
