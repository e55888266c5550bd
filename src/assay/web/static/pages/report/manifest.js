/** How a report was computed: versions, settings and methods, and whether they still are what they were. */
import { html, useState } from "../../vendor/preact.js";
import { addressOf, request } from "../../lib/api.js";
import { Button } from "../../components/button.js";
import { JsonTree } from "../../components/json-tree.js";
import { Problem } from "../../components/problem.js";
import { Skeleton } from "../../components/skeleton.js";

/** @param {{report: any, path: string, manifest: any}} props */
export function ManifestView({ report, path, manifest }) {
  const [checked, setChecked] = useState(/** @type {any} */ (null));
  const [error, setError] = useState(/** @type {any} */ (null));
  const [isBusy, setIsBusy] = useState(false);
  if (!manifest) return html`<${Skeleton} lines=${6} />`;
  const verify = () => {
    setIsBusy(true);
    setError(null);
    request("GET", `${path}verify/`).then(setChecked, setError).finally(() => setIsBusy(false));
  };
  const { settings } = report;
  return html`<div class="stack">
    <dl class="report-figures">
      <dt>Dataset</dt><dd>version ${manifest.dataset_version} <code class="muted">${manifest.dataset_content_hash?.slice(0, 16) ?? ""}</code></dd>
      ${manifest.evaluators.map((/** @type {any} */ part) => html`<dt key=${part.evaluator_slug}>${part.evaluator_slug}</dt>
        <dd>version ${part.version} · ${part.method} <code class="muted">${part.definition_hash.slice(0, 16)}</code></dd>`)}
      <dt>Settings</dt><dd>${settings.trials} ${settings.trials === 1 ? "trial" : "trials"} · at most ${settings.max_concurrency} calls at once · seed ${settings.seed} · cache ${settings.cache ? "on" : "off"}${settings.cluster_by ? ` · clustered by ${settings.cluster_by}` : ""}</dd>
      <dt>Assay</dt><dd>${manifest.assay_version ?? "–"}${manifest.repeats ? ` · repeats report ${manifest.repeats}` : ""}</dd>
    </dl>
    <h2>Methods</h2>
    <ul class="report-methods">${report.evaluators.map((/** @type {any} */ task) => html`<li key=${task.evaluator_slug}><b>${task.evaluator_slug}</b> ${task.summary?.method ?? "known when the run is over"}</li>`)}</ul>
    <div class="row row-wrap"><${Button} onClick=${verify} isBusy=${isBusy}>Verify</${Button}>
      <a class="button" href=${addressOf({ path: `${path}manifest/` })} download=${`manifest-${report.id}.json`}>Download manifest</a>
      <span class="muted">Verify computes every hash anew from what is stored.</span></div>
    ${error && html`<${Problem} error=${error} retry=${verify} />`}
    ${checked && html`<div role="status"><p class=${checked.is_verified ? "good" : "bad"}>${checked.is_verified ? "✓ Everything is what was recorded" : "✗ Something changed since the run"}</p>
      <ul class="report-methods">${checked.checks.map((/** @type {any} */ check) => html`<li key=${check.subject} class=${check.is_equal ? "" : "bad"}>${check.is_equal ? "✓" : "✗"} ${check.subject}
        <code class="muted">${String(check.actual ?? "gone").slice(0, 16)}</code>${!check.is_equal && html` was <code>${String(check.expected).slice(0, 16)}</code>`}</li>`)}</ul></div>`}
    <details><summary>Manifest</summary><${JsonTree} value=${manifest} label="Manifest" /></details>
  </div>`;
}
