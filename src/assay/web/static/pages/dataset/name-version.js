/** Naming a version, so that it can be asked for by that name. */
import { html, useState } from "../../vendor/preact.js";
import { invalidate, request } from "../../lib/api.js";
import { pathOf } from "../../lib/dataset-rows.js";
import { toast } from "../../lib/toast.js";
import { Button } from "../../components/button.js";
import { Dialog } from "../../components/dialog.js";
import { Field } from "../../components/field.js";

/** @param {{dataset: any, version: any, onClose: () => void}} props */
export function NameVersion({ dataset, version, onClose }) {
  const [tag, setTag] = useState(version.tag ?? "");
  const [error, setError] = useState(/** @type {any} */ (null));
  const [isBusy, setIsBusy] = useState(false);
  const call = { method: "PATCH", path: `${pathOf(dataset.id)}versions/${version.number}/`, body: { tag: tag.trim() || null } };
  /** @param {Event} [event] */
  const save = async (event) => {
    event?.preventDefault();
    setIsBusy(true);
    try {
      await request("PATCH", call.path, { body: call.body });
      invalidate(pathOf(dataset.id));
      toast(call.body.tag ? `Version ${version.number} is ${call.body.tag} now.` : `Version ${version.number} has no name any more.`, { kind: "good" });
      onClose();
    } catch (caught) {
      setError(caught);
      setIsBusy(false);
    }
  };
  const footer = html`<${Button} onClick=${onClose} isDisabled=${isBusy}>Cancel</${Button}><${Button} kind="primary" onClick=${() => save()} isBusy=${isBusy}>Save</${Button}>`;
  return html`<${Dialog} title=${`Name version ${version.number}`} size="small" onClose=${onClose} footer=${footer} call=${call} isBusy=${isBusy}>
    <form onSubmit=${save}>
      <${Field} label="Name" hint="Letters, digits, “.”, “_” and “-”, not digits alone. Leave it empty to take the name away." error=${error && (error.fields.tag ?? error.message)}>
        ${(/** @type {any} */ field) => html`<input ...${field} type="text" autocomplete="off" placeholder="release-1" value=${tag} onInput=${(/** @type {any} */ event) => (setTag(event.target.value), setError(null))} />`}
      </${Field}>
    </form>
  </${Dialog}>`;
}
