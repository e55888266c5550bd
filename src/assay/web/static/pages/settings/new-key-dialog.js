/** Make a key, and show its secret this once. */
import { html, useState } from "../../vendor/preact.js";
import { Button } from "../../components/button.js";
import { CopyButton } from "../../components/copy-button.js";
import { Dialog } from "../../components/dialog.js";
import { Field } from "../../components/field.js";
import { Problem } from "../../components/problem.js";
import { invalidate, request } from "../../lib/api.js";

const SCOPES = /** @type {Array<[string, string]>} */ ([["read", "read: see everything"], ["write", "write: add and change data, run evals"], ["admin", "admin: keys, providers, retention"]]);

/** @param {{onClose: () => void}} props */
export function NewKeyDialog({ onClose }) {
  const [name, setName] = useState("");
  const [environment, setEnvironment] = useState("prod");
  const [scopes, setScopes] = useState(["read", "write"]);
  const [isBusy, setIsBusy] = useState(false);
  const [error, setError] = useState(/** @type {any} */ (null));
  const [made, setMade] = useState(/** @type {any} */ (null));
  const body = { name: name.trim(), environment, scopes };
  const isReady = body.name !== "" && scopes.length > 0 && !isBusy;
  const create = () => {
    if (!isReady) return;
    setIsBusy(true);
    request("POST", "/api/keys/", { body }).then((key) => (setMade(key), invalidate("/api/keys/")), setError).finally(() => setIsBusy(false));
  };
  const toggle = (/** @type {string} */ scope) => setScopes(scopes.includes(scope) ? scopes.filter((each) => each !== scope) : [...scopes, scope]);
  if (made) {
    const line = `export ASSAY_API_KEY=${made.api_key}`;
    return html`<${Dialog} title=${`The key ${made.name}`} onClose=${onClose} footer=${html`<${CopyButton} text=${line} label="Copy as export" kind="primary" /><${Button} onClick=${onClose}>Done</${Button}>`}>
      <p>Copy it now: it is not shown again.</p>
      <pre class="snippet-text settings-secret" tabindex="0">${made.api_key}</pre>
      <p class="muted">For a shell, and for the Python client, which reads it from there:</p>
      <pre class="snippet-text" tabindex="0">${line}</pre>
    </${Dialog}>`;
  }
  const footer = html`<${Button} onClick=${onClose}>Cancel</${Button}><${Button} kind="primary" onClick=${create} isBusy=${isBusy} isDisabled=${!isReady}>Create</${Button}>`;
  return html`<${Dialog} title="New key" size="small" onClose=${onClose} footer=${footer} isBusy=${isBusy} call=${{ method: "POST", path: "/api/keys/", body }}>
    <form class="stack" onSubmit=${(/** @type {Event} */ event) => (event.preventDefault(), create())}>
      <${Field} label="Name" hint="What will use it." error=${error?.fields?.name}>${(/** @type {any} */ field) => html`<input ...${field} type="text" maxlength="255" autofocus value=${name} onInput=${(/** @type {any} */ event) => setName(event.target.value)} />`}</${Field}>
      <${Field} label="Environment" hint="Logs recorded with it belong there.">${(/** @type {any} */ field) => html`<select ...${field} value=${environment} onChange=${(/** @type {any} */ event) => setEnvironment(event.target.value)}><option value="prod">prod</option><option value="test">test</option></select>`}</${Field}>
      <fieldset class="stack settings-scopes"><legend>It may</legend>${SCOPES.map(([scope, label]) => html`<label key=${scope} class="row"><input type="checkbox" checked=${scopes.includes(scope)} onChange=${() => toggle(scope)} />${label}</label>`)}</fieldset>
    </form>
    ${error && html`<${Problem} error=${error} isInline=${true} />`}
  </${Dialog}>`;
}
