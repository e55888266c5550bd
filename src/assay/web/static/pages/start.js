/** The start: five steps that tick themselves as the server sees them, and a demo for who has no data at hand. */
import { html, useState } from "../vendor/preact.js";
import { Button } from "../components/button.js";
import { PageHead } from "../components/page-head.js";
import { Problem } from "../components/problem.js";
import { Skeleton } from "../components/skeleton.js";
import { Time } from "../components/time.js";
import { CopyButton } from "../components/copy-button.js";
import { invalidate, request } from "../lib/api.js";
import { formatInteger } from "../lib/format.js";
import { useStart } from "../lib/start.js";
import { datasetStep, keyStep, readStep, rowStep, runStep } from "../lib/start-steps.js";
import { toast } from "../lib/toast.js";
import { href, navigate } from "../lib/url.js";
import { DemoCard } from "./start/demo-card.js";
import { Step } from "./start/step.js";

/** A secret that was shown once, as long as the page is open. */
let madeKey = "";

export default function Start() {
  const { seen, error, look } = useStart();
  const [busy, setBusy] = useState("");
  const [apiKey, setApiKey] = useState(madeKey);
  /** Make a step's call here. @param {string} name @param {import("../lib/start-steps.js").Step} step @param {(answer: any) => void} [then] */
  const make = (name, { call }, then) => {
    setBusy(name);
    request(call.method ?? "GET", call.path, call)
      .then(
        (answer) => {
          invalidate("/api/");
          look();
          then?.(answer);
        },
        (caught) => toast(caught.message, { kind: "bad" }),
      )
      .finally(() => setBusy(""));
  };
  if (!seen) return html`<${PageHead} title="Start" />${error ? html`<${Problem} error=${error} retry=${look} />` : html`<${Skeleton} lines=${6} />`}`;
  const { keys, canKeys, dataset, report, demo } = seen;
  const key = keys.at(-1);
  const done = [!canKeys || keys.length > 0, dataset !== null, (dataset?.log_count ?? 0) > 0 || report !== null, report !== null, report?.state === "completed"];
  const next = done.indexOf(false);
  /** @param {number} at */
  const common = (at) => ({ number: at + 1, isDone: done[at], isNext: at === next, apiKey });
  const steps = { key: keyStep(), dataset: datasetStep(), row: rowStep(dataset?.id), run: runStep(dataset?.id), read: readStep(report?.dataset_id, report?.id) };
  const takeKey = (/** @type {any} */ answer) => {
    madeKey = answer.api_key;
    setApiKey(madeKey);
  };
  const reportLink = report && href(`/datasets/${report.dataset_id}/reports/${report.id}`);
  return html`<${PageHead} title="Start" meta=${next < 0 ? "All five steps are done." : `${done.filter(Boolean).length} of 5 steps done`} />
    ${error && html`<${Problem} error=${error} retry=${look} />`}
    <div class="start">
      <ol class="start-steps" aria-label="Steps">
        <${Step} ...${common(0)} title="Create a key" step=${steps.key}
          text=${apiKey ? "The calls below have it in them. It is not shown again once you leave." : "Programs call the API with it; these pages need none."}
          action=${canKeys && !apiKey && html`<${Button} onClick=${() => make("key", steps.key, takeKey)} isBusy=${busy === "key"}>Create a key</${Button}>`}
          answer=${apiKey
            ? html`<code class="start-secret">${apiKey}</code> <${CopyButton} text=${`export ASSAY_API_KEY=${apiKey}`} label="Copy as export" />`
            : key && html`✓ <span>${key.name}</span> <code>${key.prefix}…</code>, created <${Time} at=${key.created_at} /> → <a href=${href("/settings/keys")}>all keys</a>`} />
        <${Step} ...${common(1)} title="Create a dataset" step=${steps.dataset} text="A set of rows that you can evaluate."
          action=${html`<${Button} kind=${next === 1 ? "primary" : undefined} onClick=${() => make("dataset", steps.dataset)} isBusy=${busy === "dataset"}>Create it here</${Button}>`}
          answer=${dataset && html`✓ <span class="start-name">${dataset.name}</span> created <${Time} at=${dataset.created_at} /> → <a href=${href(`/datasets/${dataset.id}`)}>open</a>`} />
        <${Step} ...${common(2)} title="Add a row" step=${steps.row} text="An input, an output, what was expected, and whatever else you know."
          action=${dataset && html`<${Button} kind=${next === 2 ? "primary" : undefined} onClick=${() => make("row", steps.row)} isBusy=${busy === "row"}>Add it here</${Button}>`}
          answer=${dataset?.log_count > 0 && html`✓ ${formatInteger(dataset.log_count)} ${dataset.log_count === 1 ? "row" : "rows"}, the last change <${Time} at=${dataset.updated_at} /> → <a href=${href(`/datasets/${dataset.id}`)}>open</a>`} />
        <${Step} ...${common(3)} title="Run an eval" step=${steps.run} text="Three built-in evaluators score every row; no model is asked."
          action=${dataset?.log_count > 0 && html`<${Button} kind=${next === 3 ? "primary" : undefined} onClick=${() => make("run", steps.run)} isBusy=${busy === "run"}>Run it here</${Button}>`}
          answer=${report && html`✓ <span class="start-name">${report.name}</span> started <${Time} at=${report.created_at} />, ${report.state}`} />
        <${Step} ...${common(4)} title="Open the report" step=${steps.read} text="Means with their 95 % intervals, and the failures first."
          action=${report && html`<${Button} kind=${done[3] ? "primary" : undefined} onClick=${() => navigate(`/datasets/${report.dataset_id}/reports/${report.id}`)}>Open the report</${Button}>`}
          answer=${done[4] && html`✓ finished <${Time} at=${report.completed_at} /> → <a href=${reportLink}>open</a>`} />
      </ol>
      <${DemoCard} demo=${demo} onLoaded=${look} />
    </div>`;
}
