/** Run the same definitions over the same rows again, with other settings where wanted. */
import { html, useState } from "../../vendor/preact.js";
import { invalidate, request } from "../../lib/api.js";
import { formatUsd, plural } from "../../lib/format.js";
import { useKeys } from "../../lib/keys.js";
import { navigate } from "../../lib/url.js";
import { Button } from "../../components/button.js";
import { Dialog } from "../../components/dialog.js";
import { Field } from "../../components/field.js";

/** @param {{report: any, path: string, onClose: () => void}} props */
export default function RerunDialog({ report, path, onClose }) {
  const [name, setName] = useState(report.name);
  const [trials, setTrials] = useState(String(report.settings.trials));
  const [budget, setBudget] = useState(report.settings.budget_usd === null ? "" : String(report.settings.budget_usd));
  const [error, setError] = useState(/** @type {any} */ (null));
  const [isBusy, setIsBusy] = useState(false);
  const body = { name, trials: Number(trials), budget_usd: budget === "" ? null : Number(budget) };
  const call = { method: "POST", path: `${path}rerun/`, body };
  const run = () => {
    setIsBusy(true);
    request("POST", call.path, { body }).then(
      (next) => {
        invalidate("/api/eval-reports/");
        onClose();
        navigate(`/datasets/${next.dataset_id}/reports/${next.id}`);
      },
      (caught) => {
        setError(caught);
        setIsBusy(false);
      },
    );
  };
  useKeys({ run });
  /** @param {string} field */
  const wrong = (field) => error?.fields?.[field]?.join(" ");
  const judgements = (report.progress.cell_count / (report.settings.trials || 1)) * (Number(trials) || 1);
  return html`<${Dialog} title="Run again" onClose=${onClose} size="small" isBusy=${isBusy} call=${call} footer=${html`
      <${Button} onClick=${onClose} isDisabled=${isBusy}>Cancel</${Button}>
      <${Button} kind="primary" onClick=${run} isBusy=${isBusy}>Run ${plural(judgements, "judgement")}</${Button}>`}>
    <p class="muted">The same versions of ${report.evaluator_slugs.join(", ")} over the same ${plural(report.log_count, "row")}.
      ${report.cost_usd > 0 ? ` The first run cost ${formatUsd(report.cost_usd)}.` : ""}</p>
    <${Field} label="Name" error=${wrong("name")}>${(/** @type {any} */ field) => html`<input ...${field} type="text" value=${name}
      onInput=${(/** @type {any} */ event) => setName(event.target.value)} />`}</${Field}>
    <${Field} label="Trials" hint="How often each row is judged, 1 to 20" error=${wrong("trials")}>${(/** @type {any} */ field) => html`
      <input ...${field} type="number" min="1" max="20" value=${trials} onInput=${(/** @type {any} */ event) => setTrials(event.target.value)} />`}</${Field}>
    <${Field} label="Budget in USD" hint="The run stops before it costs more; empty is no limit" error=${wrong("budget_usd")}>${(/** @type {any} */ field) => html`
      <input ...${field} type="number" min="0" step="any" value=${budget} onInput=${(/** @type {any} */ event) => setBudget(event.target.value)} />`}</${Field}>
    ${error && !Object.keys(error.fields ?? {}).length && html`<p class="bad" role="alert">${error.message}</p>`}
  </${Dialog}>`;
}
