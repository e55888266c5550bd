/** The test bench: the evaluator as it is edited, tried on rows of a dataset beside its version before. */
import { html, useEffect, useRef, useState } from "../../vendor/preact.js";
import { Button } from "../../components/button.js";
import { Field } from "../../components/field.js";
import { LazyPart } from "../../components/lazy-part.js";
import { Problem } from "../../components/problem.js";
import { isAbort, request } from "../../lib/api.js";
import { formatInteger } from "../../lib/format.js";
import { Key, useKeys } from "../../lib/keys.js";
import { href, setParams } from "../../lib/url.js";
import { isEqual } from "./fields.js";

const benchResult = () => import("./bench-result.js").then((module) => module.BenchResult);
const SIZES = [5, 10, 20, 50, 100, 200];

/** @typedef {{datasetId: string, size: number, seed: number}} Sample */

/**
 * @param {{evaluator: any, changes: Record<string, any>, datasets: any[] | null, sample: Sample,
 *   onErrors: (errors: Record<string, string[]>) => void, runRef: {current: () => void}}} props
 */
export function Bench({ evaluator, changes, datasets, sample, onErrors, runRef }) {
  const [result, setResult] = useState(/** @type {{answer: any, changes: any, sample: Sample} | null} */ (null));
  const [error, setError] = useState(/** @type {any} */ (null));
  const [isBusy, setBusy] = useState(false);
  const abort = useRef(/** @type {AbortController | null} */ (null));
  useEffect(() => () => abort.current?.abort(), []);
  const isWished = useRef(false);
  const canRun = sample.datasetId !== "" && evaluator.type !== "human";
  const run = () => {
    // Asked for before the datasets were there: done as soon as they are.
    isWished.current = !canRun;
    if (!canRun) return;
    abort.current?.abort();
    const mine = new AbortController();
    abort.current = mine;
    setBusy(true);
    setError(null);
    onErrors({});
    const body = {
      dataset_id: sample.datasetId,
      sample_size: sample.size,
      seed: sample.seed,
      ...(Object.keys(changes).length ? { draft: changes } : {}),
    };
    request("POST", `/api/evaluators/${evaluator.id}/bench/`, { body, signal: mine.signal }).then(
      (answer) => {
        setResult({ answer, changes, sample });
        setBusy(false);
      },
      (caught) => {
        if (isAbort(caught)) return;
        setBusy(false);
        setError(caught);
        onErrors(caught.fields ?? {});
      },
    );
  };
  runRef.current = run;
  useEffect(() => {
    if (canRun && isWished.current) run();
  }, [canRun]);
  useKeys({ run });
  if (evaluator.type === "human") {
    return html`<section class="bench" aria-label="Test bench"><h2>Test bench</h2>
      <p class="muted">People answer this evaluator, so there is nothing to try here. Run it on a dataset: the report waits for their answers.</p></section>`;
  }
  const isOld = result !== null && !(isEqual(result.changes, changes) && isEqual(result.sample, sample));
  return html`<section class="bench" aria-label="Test bench">
    <header class="bench-head">
      <h2 class="grow">Test bench</h2>
      <${Button} kind="primary" onClick=${run} isBusy=${isBusy} isDisabled=${!canRun}>Run <${Key} id="run" /></${Button}>
    </header>
    <${SampleForm} sample=${sample} datasets=${datasets} />
    ${error && html`<${Problem} error=${error} retry=${run} isInline />`}
    ${result
      ? html`<div>
          ${isOld && html`<p class="evaluator-notice" role="status">Something was changed since. Run again to see what it does.</p>`}
          <${LazyPart} load=${benchResult} evaluator=${evaluator} answer=${result.answer} />
        </div>`
      : !error && html`<p class="muted bench-hint">Run it to see each row's score, what the version before said, and why. Nothing is stored.</p>`}
  </section>`;
}

/** @param {{sample: Sample, datasets: any[] | null}} props */
function SampleForm({ sample, datasets }) {
  if (datasets?.length === 0) {
    return html`<p class="evaluator-notice">There is no dataset to try it on. <a href=${href("/datasets")}>Make one</a>, or load the demo on the <a href=${href("/start")}>start page</a>.</p>`;
  }
  return html`<div class="evaluator-line">
    <${Field} label="Sample">
      ${(/** @type {any} */ field) => html`<select ...${field} value=${String(sample.size)} onChange=${(/** @type {any} */ event) => setParams({ n: event.target.value })}>
        ${SIZES.map((size) => html`<option key=${size} value=${String(size)}>${size} rows</option>`)}</select>`}
    </${Field}>
    <div class="grow"><${Field} label="from">
      ${(/** @type {any} */ field) => html`<select ...${field} class="bench-dataset" value=${sample.datasetId} onChange=${(/** @type {any} */ event) => setParams({ dataset: event.target.value })}>
        ${(datasets ?? []).map((/** @type {any} */ each) => html`<option key=${each.id} value=${each.id}>${each.name} (${formatInteger(each.log_count)})</option>`)}</select>`}
    </${Field}></div>
    <${Field} label="Seed">
      ${(/** @type {any} */ field) => html`<input ...${field} type="number" step="1" class="evaluator-number" value=${sample.seed}
        onChange=${(/** @type {any} */ event) => Number.isSafeInteger(event.target.valueAsNumber) && setParams({ seed: event.target.value })} />`}
    </${Field}>
    <button type="button" class="button" title="Other rows" onClick=${() => setParams({ seed: Math.floor(Math.random() * 1_000_000) })}>Shuffle</button>
  </div>`;
}
