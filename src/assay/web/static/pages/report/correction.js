/** A person's word on a score: it corrects the machine's, which is kept beside it, or answers where people are asked. */
import { html, useState } from "../../vendor/preact.js";
import { invalidate, request } from "../../lib/api.js";
import { toast } from "../../lib/toast.js";
import { Button } from "../../components/button.js";
import { Field } from "../../components/field.js";

/** @type {Record<string, string>} */
const COLUMNS = {
  numerical: "numerical_value", percentage: "numerical_value", boolean: "boolean_value", single_select: "categorical_value",
  multi_select: "categorical_value", categorical: "categorical_value", json: "json_value",
};

/** @param {string} column @param {string} text */
function valueOf(column, text) {
  if (column === "numerical_value") return Number(text);
  if (column === "boolean_value") return text === "true";
  if (column === "categorical_value") return text.split(",").map((name) => name.trim()).filter(Boolean);
  return text;
}

/**
 * @param {{task: any, definition: any, score: any, present: any, logId: string, report: any, path: string,
 *   onClose: () => void}} props `score` is the machine's that stands on the row, null where there is none
 */
export function Correction({ task, definition, score, present, logId, report, path, onClose }) {
  const column = COLUMNS[task.score_value_type] ?? "string_value";
  const first = score?.score_value ?? present;
  const [text, setText] = useState(first === null || first === undefined ? "" : Array.isArray(first) ? first.join(", ") : String(first));
  const [why, setWhy] = useState("");
  const [error, setError] = useState("");
  const [isBusy, setIsBusy] = useState(false);
  const choices = column === "boolean_value" ? ["true", "false"] : (definition?.categorical_choices ?? []).map((/** @type {any} */ choice) => choice.name);
  const body = { [column]: valueOf(column, text), ...(why ? { explanation: why } : {}) };
  const call = score
    ? { method: "PATCH", path: `/api/scores/${score.id}/`, body }
    : { method: "POST", path: `/api/logs/${logId}/scores/`, body: { ...body, evaluator_slug: task.evaluator_slug, dataset_id: report.dataset_id } };
  const save = (/** @type {Event} */ event) => {
    event.preventDefault();
    setIsBusy(true);
    request(call.method, call.path, { body: call.body }).then(
      () => {
        invalidate(`/api/logs/${logId}/`);
        invalidate(path);
        toast(score ? "Score corrected. What the machine said is kept." : "Score given", { kind: "good" });
        onClose();
      },
      (caught) => {
        setError(caught.message);
        setIsBusy(false);
      },
    );
  };
  const isMissing = text === "" || (column === "numerical_value" && !Number.isFinite(Number(text)));
  /** @param {any} field */
  const input = (field) => choices.length && task.score_value_type !== "multi_select"
    ? html`<select ...${field} value=${text} onChange=${(/** @type {any} */ event) => setText(event.target.value)}>
        ${text === "" && html`<option value="">choose…</option>`}${choices.map((/** @type {string} */ name) => html`<option key=${name} value=${name}>${name}</option>`)}</select>`
    : html`<input ...${field} type=${column === "numerical_value" ? "number" : "text"} step="any" min=${task.minimum} max=${task.maximum} value=${text}
        onInput=${(/** @type {any} */ event) => setText(event.target.value)} />`;
  const range = typeof task.minimum === "number" && typeof task.maximum === "number" ? `${task.minimum} to ${task.maximum}` : "";
  return html`<form class="correction" onSubmit=${save}>
    <${Field} label=${score ? "Right score" : "Score"} hint=${range} error=${error}>${input}</${Field}>
    <${Field} label="Why (optional)">${(/** @type {any} */ field) => html`<input ...${field} type="text" value=${why} onInput=${(/** @type {any} */ event) => setWhy(event.target.value)} />`}</${Field}>
    ${score && score.eval_report_id && score.eval_report_id !== report.id && html`<p class="warn small">The score that stands on this row came from a later report: that one is corrected.</p>`}
    <p class="muted small">This report keeps what was judged; agreement with people counts your word.</p>
    <div class="row"><${Button} type="submit" kind="primary" isBusy=${isBusy} isDisabled=${isMissing}>${score ? "Save correction" : "Save score"}</${Button}>
      <${Button} onClick=${onClose}>Cancel</${Button}></div>
  </form>`;
}
