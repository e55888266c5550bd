/** Gives what is shown a name. */
import { html, useState } from "../vendor/preact.js";
import { Button } from "./button.js";
import { Dialog } from "./dialog.js";
import { Field } from "./field.js";

/** @param {{call: import("../lib/api.js").Call, save: (changes: {name: string, is_shared: boolean, is_pinned: boolean}) => Promise<any>, taken: string[], onClose: () => void}} props */
export function SaveView({ call, save, taken, onClose }) {
  const [name, setName] = useState("");
  const [isShared, setIsShared] = useState(false);
  const [isPinned, setIsPinned] = useState(false);
  const [isBusy, setIsBusy] = useState(false);
  const [error, setError] = useState("");
  const written = { name: name.trim(), is_shared: isShared, is_pinned: isPinned };
  /** @param {Event} event */
  const submit = (event) => {
    event.preventDefault();
    if (!written.name) return;
    setIsBusy(true);
    save(written).then(onClose, (caught) => {
      setIsBusy(false);
      setError(caught.fields?.name?.join(" ") ?? caught.message);
    });
  };
  return html`<${Dialog} title="Save this view" size="small" onClose=${onClose} isBusy=${isBusy} call=${{ ...call, body: { ...call.body, ...written } }}>
    <form class="stack" onSubmit=${submit}>
      <${Field} label="Name" error=${error} hint=${taken.includes(written.name) ? "There is a view of this name already." : "Filter, time, columns and order are kept."}>
        ${(/** @type {any} */ field) => html`<input ...${field} class="views-name" type="text" maxlength="100" required autofocus value=${name} onInput=${(/** @type {any} */ event) => setName(event.target.value)} />`}
      </${Field}>
      <label class="row"><input type="checkbox" checked=${isShared} onChange=${() => setIsShared(!isShared)} /> Everybody sees it</label>
      <label class="row"><input type="checkbox" checked=${isPinned} onChange=${() => setIsPinned(!isPinned)} /> At the top of the list</label>
      <div class="row"><span class="grow"></span><${Button} onClick=${onClose} isDisabled=${isBusy}>Cancel</${Button}><${Button} kind="primary" type="submit" isBusy=${isBusy} isDisabled=${!written.name}>Save</${Button}></div>
    </form>
  </${Dialog}>`;
}
