/** Run an eval: which evaluators, over which version, how often, for how much at most. */
import { html, useState } from "../vendor/preact.js";
import { invalidate, request, useRequest } from "../lib/api.js";
import { formatInteger, formatUsd, plural } from "../lib/format.js";
import { Key, useKeys } from "../lib/keys.js";
import { costOf, runCall } from "../lib/run-eval.js";
import { remembered } from "../lib/settings.js";
import { toast } from "../lib/toast.js";
import { navigate } from "../lib/url.js";
import { Button } from "./button.js";
import { Dialog } from "./dialog.js";
import { EvaluatorChoice } from "./evaluator-choice.js";
import { Problem } from "./problem.js";
import { RunSettings } from "./run-settings.js";

const lastUsed = remembered("last-evaluators", /** @type {string[]} */ (["exact_match"]));

/** @param {{dataset: any, version?: number | null, onClose: () => void}} props `version` of the dataset, the newest unless it is given */
export function RunEvalDialog({ dataset, version = null, onClose }) {
  const { data, error, retry } = useRequest({ path: "/api/evaluators/list/", params: { page_size: 100 } });
  const { data: reports } = useRequest({ path: `/api/datasets/${dataset.id}/eval-reports/list/`, params: { page_size: 20 } });
  const [slugs, setSlugs] = useState(/** @type {string[]} */ (lastUsed.peek()));
  const [settings, setSettings] = useState(/** @type {import("../lib/run-eval.js").Settings} */ ({ name: "", version: version === null ? "" : String(version), trials: "1", budgetUsd: "", clusterBy: "", isCached: false, concurrency: "" }));
  const [isBusy, setIsBusy] = useState(false);
  const [failure, setFailure] = useState(/** @type {any} */ (null));
  const known = new Set((data?.results ?? []).map((/** @type {any} */ each) => each.evaluator_slug));
  const chosen = slugs.filter((slug) => !data || known.has(slug));
  const call = runCall(dataset.id, chosen, settings);
  const cost = costOf(chosen, reports?.results ?? [], dataset.log_count * (Number(settings.trials) || 1));
  const isRunnable = chosen.length > 0 && dataset.log_count > 0 && !isBusy;
  const run = () => {
    if (!isRunnable) return;
    setIsBusy(true);
    setFailure(null);
    request("POST", call.path, { body: call.body }).then(
      (report) => {
        lastUsed.value = chosen;
        invalidate("/api/datasets/");
        for (const reason of Object.values(report.errors ?? {})) toast(`Left out: ${reason}`, { kind: "bad" });
        onClose();
        navigate(`/datasets/${dataset.id}/reports/${report.id}`);
      },
      (caught) => {
        setFailure(caught);
        setIsBusy(false);
      },
    );
  };
  useKeys({ run });
  const footer = html`<p class="grow muted small">${plural(dataset.log_count, "row")}${Number(settings.trials) > 1 ? ` × ${settings.trials} trials` : ""} × ${plural(chosen.length, "evaluator")} = ${formatInteger(dataset.log_count * (Number(settings.trials) || 1) * chosen.length)} scores${cost === null ? "" : cost === 0 ? " · costs nothing" : ` · about ${formatUsd(cost)}, as the last reports cost`}</p>
    <${Button} onClick=${onClose} isDisabled=${isBusy}>Cancel</${Button}>
    <${Button} kind="primary" onClick=${run} isBusy=${isBusy} isDisabled=${!isRunnable}>Run eval <${Key} id="run" /></${Button}>`;
  return html`<${Dialog} title=${`Run eval over ${dataset.name}`} onClose=${onClose} footer=${footer} call=${call} isBusy=${isBusy}>
    ${dataset.log_count === 0 && html`<p class="warn">This dataset has no rows yet: add some first.</p>`}
    ${error ? html`<${Problem} error=${error} retry=${retry} isInline=${true} />` : html`<${EvaluatorChoice} evaluators=${data?.results ?? null} chosen=${chosen} onChange=${setSlugs} />`}
    <${RunSettings} dataset=${dataset} settings=${settings} errors=${failure?.fields ?? {}} onChange=${(/** @type {any} */ changes) => setSettings({ ...settings, ...changes })} />
    ${failure && html`<${Problem} error=${failure} isInline=${true} />`}
  </${Dialog}>`;
}
