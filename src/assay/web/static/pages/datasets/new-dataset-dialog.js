/** Make an empty dataset. */
import { html, useState } from "../../vendor/preact.js";
import { Button } from "../../components/button.js";
import { Dialog } from "../../components/dialog.js";
import { Field } from "../../components/field.js";
import { invalidate, request } from "../../lib/api.js";
import { useKeys } from "../../lib/keys.js";
import { navigate } from "../../lib/url.js";

/** @param {{onClose: () => void}} props */
export function NewDatasetDialog({ onClose }) {
  const [name, setName] = useState("");
  const [description, setDescription] = useState("");
  const [isBusy, setIsBusy] = useState(false);
  const [error, setError] = useState(/** @type {any} */ (null));
  const body = { name: name.trim(), ...(description.trim() ? { description: description.trim() } : {}), is_empty: true };
  const isReady = name.trim() !== "" && !isBusy;
  const create = () => {
    if (!isReady) return;
    setIsBusy(true);
    request("POST", "/api/datasets/", { body }).then(
      (dataset) => {
        invalidate("/api/datasets/");
        onClose();
        navigate(`/datasets/${dataset.id}`);
      },
      (caught) => {
        setError(caught);
        setIsBusy(false);
      },
    );
  };
  useKeys({ run: create });
  const footer = html`<${Button} onClick=${onClose}>Cancel</${Button}><${Button} kind="primary" onClick=${create} isBusy=${isBusy} isDisabled=${!isReady}>Create</${Button}>`;
  return html`<${Dialog} title="New dataset" size="small" onClose=${onClose} footer=${footer} call=${{ method: "POST", path: "/api/datasets/", body }} isBusy=${isBusy}>
    <form class="stack" onSubmit=${(/** @type {Event} */ event) => (event.preventDefault(), create())}>
      <${Field} label="Name" error=${error?.fields.name ?? (error && error.message)}>
        ${(/** @type {any} */ field) => html`<input ...${field} type="text" maxlength="255" required autofocus value=${name} onInput=${(/** @type {any} */ event) => setName(event.target.value)} />`}</${Field}>
      <${Field} label="Description" hint="What its rows are, and where they come from.">
        ${(/** @type {any} */ field) => html`<textarea ...${field} rows="3" value=${description} onInput=${(/** @type {any} */ event) => setDescription(event.target.value)} />`}</${Field}>
    </form>
  </${Dialog}>`;
}
