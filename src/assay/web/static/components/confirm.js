/** A question before something that cannot be taken back. */
import { html, useState } from "../vendor/preact.js";
import { Button } from "./button.js";
import { Dialog } from "./dialog.js";
import { Field } from "./field.js";

/**
 * @param {{title: string, text: any, action: string, onConfirm: () => Promise<any>, onClose: () => void,
 *   typed?: string, call?: import("../lib/api.js").Call}} props `typed` is the name to be written before it goes on
 */
export function Confirm({ title, text, action, onConfirm, onClose, typed, call }) {
  const [name, setName] = useState("");
  const [isBusy, setIsBusy] = useState(false);
  const [error, setError] = useState("");
  const confirm = () => {
    setIsBusy(true);
    onConfirm().then(onClose, (caught) => {
      setError(caught.message);
      setIsBusy(false);
    });
  };
  const footer = html`<${Button} onClick=${onClose} isDisabled=${isBusy}>Cancel</${Button}>
    <${Button} kind="danger" onClick=${confirm} isBusy=${isBusy} isDisabled=${typed !== undefined && name !== typed}>${action}</${Button}>`;
  return html`<${Dialog} title=${title} onClose=${onClose} footer=${footer} call=${call} size="small" isBusy=${isBusy}>
    <p>${text}</p>
    ${typed !== undefined &&
    html`<${Field} label=${`Type ${typed} to go on`}>
      ${(/** @type {any} */ field) => html`<input ...${field} type="text" value=${name} onInput=${(/** @type {any} */ event) => setName(event.target.value)} />`}
    </${Field}>`}
    ${error && html`<p class="bad" role="alert">${error}</p>`}
  </${Dialog}>`;
}
