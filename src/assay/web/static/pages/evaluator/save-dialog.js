/** Freezes the draft as a version, with a word on what it is about. */
import { html, useState } from "../../vendor/preact.js";
import { Button } from "../../components/button.js";
import { Dialog } from "../../components/dialog.js";
import { Field } from "../../components/field.js";
import { Problem } from "../../components/problem.js";
import { request } from "../../lib/api.js";

/**
 * @param {{evaluator: any, changes: Record<string, any>, onClose: () => void, onSaved: (answer: any) => void,
 *   onErrors: (errors: Record<string, string[]>) => void}} props
 */
export function SaveVersionDialog({ evaluator, changes, onClose, onSaved, onErrors }) {
  const [description, setDescription] = useState("");
  const [isBusy, setBusy] = useState(false);
  const [error, setError] = useState(/** @type {any} */ (null));
  const body = { ...changes, ...(description.trim() ? { version_description: description.trim() } : {}) };
  const call = { method: "POST", path: `/api/evaluators/${evaluator.evaluator_slug}/versions/`, body };
  const save = () => {
    setBusy(true);
    request("POST", call.path, { body }).then(onSaved, (caught) => {
      setBusy(false);
      setError(caught);
      onErrors(caught.fields ?? {});
    });
  };
  return html`<${Dialog} title=${`Save as version ${evaluator.version}`} size="small" onClose=${onClose} call=${call} isBusy=${isBusy}
    footer=${html`<${Button} onClick=${onClose} isDisabled=${isBusy}>Cancel</${Button}><${Button} kind="primary" onClick=${save} isBusy=${isBusy}>Save version</${Button}>`}>
    <p class="muted">It is frozen as v${evaluator.version}, and v${evaluator.version + 1} becomes the draft. Reports name the version that they used.</p>
    <${Field} label="What changed" hint="Optional; shown in the list of versions">
      ${(/** @type {any} */ field) => html`<input ...${field} type="text" maxlength="2000" value=${description} onInput=${(/** @type {any} */ event) => setDescription(event.target.value)}
        onKeyDown=${(/** @type {KeyboardEvent} */ event) => event.key === "Enter" && save()} />`}
    </${Field}>
    ${error && html`<${Problem} error=${error} isInline />`}
  </${Dialog}>`;
}
