/** Sample from logs: which match, how many are taken, what they will look like, and where they go. */
import { html, useLayoutEffect, useState } from "../vendor/preact.js";
import { useRequest } from "../lib/api.js";
import { useDebounced } from "../lib/debounced.js";
import { formatInteger, plural } from "../lib/format.js";
import { useKeys, Key } from "../lib/keys.js";
import { suggestLogValues } from "../lib/log-values.js";
import { sampleBody, sampleCall, selectionOf, takeSample, useMatchCount } from "../lib/sample.js";
import { addedToast } from "../lib/added.js";
import { navigate } from "../lib/url.js";
import { Button } from "./button.js";
import { DatasetChoice } from "./dataset-choice.js";
import { Dialog } from "./dialog.js";
import { FilterBar } from "./filter-bar.js";
import { Problem } from "./problem.js";
import { Progress } from "./progress.js";
import { SampleHow } from "./sample-how.js";
import { SamplePreview } from "./sample-preview.js";
import { TimeRange } from "./time-range.js";

/**
 * @param {{dataset?: any, initialQuery?: string, timeRange?: string, logIds?: string[] | null, onClose: () => void, onDone?: (datasetId: string) => void}} props
 *   without `dataset` one is chosen or made; `logIds` are logs that were picked by hand
 */
export function SampleDialog({ dataset, initialQuery = "", timeRange = "7d", logIds = null, onClose, onDone }) {
  const [sample, setSample] = useState(
    /** @type {import("../lib/sample.js").Sample} */ ({ query: initialQuery, range: timeRange, now: Date.now(), how: "random", size: 500, stratifyBy: "", seed: 7, isOutputExpected: false, hasMetadata: true, logIds }),
  );
  const [target, setTarget] = useState(/** @type {import("./dataset-choice.js").Target} */ ({ id: dataset?.id ?? "", name: "Sample of logs", dataset }));
  const [previewSeed, setPreviewSeed] = useState(0);
  const [work, setWork] = useState(/** @type {{job: any, error: any} | null} */ (null));
  const change = (/** @type {Partial<import("../lib/sample.js").Sample>} */ changes) => setSample((last) => ({ ...last, ...changes }));
  const asked = useDebounced(sample);
  const count = useMatchCount(logIds ? null : selectionOf(asked));
  const trialCall = { ...sampleCall(previewSeed ? { ...asked, seed: previewSeed } : asked, { id: target.id, name: "preview" }) };
  const trial = useRequest(asked.how !== "all" && asked.size < 1 ? null : { ...trialCall, body: { ...trialCall.body, dry_run: true } });
  const errors = trial.error?.fields ?? {};
  const call = sampleCall(sample, { id: target.id, name: target.name.trim() });
  const isBusy = work !== null && work.error === null;
  const taken = trial.data?.sample_count ?? 0;
  const canAdd = !isBusy && taken > 0 && !trial.error && (target.id !== "" || target.name.trim() !== "");
  const add = () => {
    if (!canAdd) return;
    setWork({ job: null, error: null });
    takeSample(call, (job) => setWork({ job, error: null })).then(
      (added) => {
        addedToast({ ...added, name: target.dataset?.name ?? added.name, versionBefore: target.dataset?.version ?? null, isNew: !target.id });
        onClose();
        if (onDone) onDone(added.datasetId);
        else navigate(`/datasets/${added.datasetId}`);
      },
      (error) => setWork({ job: null, error }),
    );
  };
  useKeys({ run: add });
  // Not the filter: its completions would lie over everything else.
  useLayoutEffect(() => /** @type {HTMLElement | null} */ (document.querySelector("dialog .sample-size"))?.focus(), []);
  const footer = html`${isBusy && html`<div class="grow"><${Progress} done=${work?.job?.done_count ?? 0} total=${work?.job?.total_count ?? null} label="Adding rows" /></div>`}
    <${Button} onClick=${onClose} isDisabled=${isBusy}>Cancel</${Button}>
    <${Button} kind="primary" onClick=${add} isBusy=${isBusy} isDisabled=${!canAdd}>${taken ? `Add ${plural(taken, "row")}` : "Add rows"} <${Key} id="run" /></${Button}>`;
  return html`<${Dialog} title=${logIds ? `Add ${plural(logIds.length, "log")} to a dataset` : "Sample from logs"} size="large" onClose=${onClose} footer=${footer} call=${call} isBusy=${isBusy}>
    ${!logIds && html`<div class="row sample-filter"><div class="grow">
        <${FilterBar} noun="request log" value=${sample.query} onChange=${(/** @type {string} */ query) => change({ query })} suggest=${suggestLogValues}
          error=${errors.filters?.join(" ") ?? errors.search?.join(" ")} placeholder="Which logs: model:gpt-4o-mini score.correct:<0.5 “refund”" label="Which logs" /></div>
        <${TimeRange} value=${sample.range} onChange=${(/** @type {string} */ range) => change({ range, now: Date.now() })} /></div>
      <p class="sample-count" role="status"><span class=${count.count ? "good" : "muted"} aria-hidden="true">●</span>
        <b>${count.count === null ? "…" : `${count.isExact ? "" : "≥ "}${formatInteger(count.count)}`}</b> ${count.count === 1 ? "log matches" : "logs match"}
        <span class="grow muted small">${dataset ? "those that this dataset has already are left out" : ""}</span>
        <span class="muted small">${count.isLoading ? "counting…" : `counted in ${formatInteger(count.milliseconds)} ms`}</span></p>
      <${SampleHow} sample=${sample} onChange=${change} errors=${errors} />`}
    <div class="row row-wrap sample-keep"><span class="sample-legend">Keep</span>
      <label class="row" title="A log that has an expected output of its own keeps that"><input type="checkbox" checked=${sample.isOutputExpected} onChange=${() => change({ isOutputExpected: !sample.isOutputExpected })} />output as expected output</label>
      <label class="row"><input type="checkbox" checked=${sample.hasMetadata} onChange=${() => change({ hasMetadata: !sample.hasMetadata })} />copy metadata</label></div>
    ${!dataset && html`<${DatasetChoice} target=${target} onChange=${setTarget} />`}
    <${SamplePreview} trial=${trial.data} isLoading=${trial.isLoading} isOutputExpected=${sample.isOutputExpected} hasMetadata=${sample.hasMetadata} onAnother=${() => setPreviewSeed(previewSeed + 1000)} />
    ${count.error && html`<${Problem} error=${count.error} isInline=${true} />`}
    ${work?.error && html`<${Problem} error=${work.error} retry=${add} isInline=${true} />`}
  </${Dialog}>`;
}
