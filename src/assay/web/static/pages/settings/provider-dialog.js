/** Add or change a provider. Its key goes in and never comes out. */
import { html, useState } from "../../vendor/preact.js";
import { Button } from "../../components/button.js";
import { Dialog } from "../../components/dialog.js";
import { Field } from "../../components/field.js";
import { Problem } from "../../components/problem.js";
import { invalidate, request } from "../../lib/api.js";
import { useKeys } from "../../lib/keys.js";
import { toast } from "../../lib/toast.js";
import { bodyOf, readPrices, typedOf } from "./provider-form.js";

const KINDS = /** @type {Array<[string, string]>} */ ([["openai", "OpenAI, or compatible with it"], ["anthropic", "Anthropic"], ["scripted", "Scripted: for tests, asks nobody"]]);
/** @type {Record<string, string>} */
const ADDRESSES = { openai: "https://api.openai.com/v1", anthropic: "https://api.anthropic.com", scripted: "" };

/** @param {{provider: any, onClose: () => void}} props null makes a new one */
export function ProviderDialog({ provider, onClose }) {
  const [typed, setTyped] = useState(() => typedOf(provider));
  const [isBusy, setIsBusy] = useState(false);
  const [error, setError] = useState(/** @type {any} */ (null));
  const body = bodyOf(typed, provider === null);
  const call = { method: provider ? "PATCH" : "POST", path: provider ? `/api/providers/${provider.id}/` : "/api/providers/", body: { ...body, ...(body.key ? { key: "…" } : {}) } };
  const { problem } = readPrices(typed.prices);
  const isReady = body.name !== "" && !problem && !isBusy;
  const save = () => {
    if (!isReady) return;
    setIsBusy(true);
    request(call.method, call.path, { body }).then(
      (saved) => {
        invalidate("/api/providers/");
        toast(`Saved ${saved.name}.`, { kind: "good" });
        onClose();
      },
      (caught) => (setError(caught), setIsBusy(false)),
    );
  };
  useKeys({ run: save });
  const fields = error?.fields ?? {};
  const known = ["name", "kind", "base_url", "key", "models", "prices", "limits"];
  const input = (/** @type {keyof import("./provider-form.js").Typed} */ name, /** @type {any} */ more = {}) => (/** @type {any} */ field) =>
    html`<input ...${field} type="text" ...${more} value=${typed[name]} onInput=${(/** @type {any} */ event) => setTyped({ ...typed, [name]: event.target.value })} />`;
  const area = (/** @type {"models" | "prices"} */ name, /** @type {string} */ placeholder) => (/** @type {any} */ field) =>
    html`<textarea ...${field} class="mono" rows="3" placeholder=${placeholder} value=${typed[name]} onInput=${(/** @type {any} */ event) => setTyped({ ...typed, [name]: event.target.value })} />`;
  const footer = html`<${Button} onClick=${onClose} isDisabled=${isBusy}>Cancel</${Button}><${Button} kind="primary" onClick=${save} isBusy=${isBusy} isDisabled=${!isReady}>${provider ? "Save" : "Add"}</${Button}>`;
  return html`<${Dialog} title=${provider ? `Edit ${provider.name}` : "Add a provider"} onClose=${onClose} footer=${footer} call=${call} isBusy=${isBusy}>
    <form class="stack" autocomplete="off" onSubmit=${(/** @type {Event} */ event) => (event.preventDefault(), save())}>
      <div class="run-settings">
        <${Field} label="Name" hint="name/model means its model." error=${fields.name}>${input("name", { maxlength: 100, autofocus: true })}</${Field}>
        <${Field} label="Kind" error=${fields.kind}>${(/** @type {any} */ field) => html`<select ...${field} value=${typed.kind} onChange=${(/** @type {any} */ event) => setTyped({ ...typed, kind: event.target.value })}>
          ${KINDS.map(([kind, label]) => html`<option key=${kind} value=${kind}>${label}</option>`)}</select>`}</${Field}>
      </div>
      ${typed.kind !== "scripted" && html`<${Field} label="Base URL" hint="May be a local one, such as Ollama’s http://127.0.0.1:11434/v1." error=${fields.base_url}>${input("baseUrl", { type: "url", placeholder: ADDRESSES[typed.kind] })}</${Field}>
        <${Field} label="Key" hint=${provider?.has_key ? "One is stored. Type another to replace it." : "Write-only: nobody sees it again."} error=${fields.key}>${input("key", { type: "password", autocomplete: "new-password", placeholder: provider?.has_key ? "••••••••" : "" })}</${Field}>`}
      <${Field} label="Models" hint="One a line; none means any." error=${fields.models}>${area("models", typed.kind === "scripted" ? "scripted" : "gpt-4o-mini")}</${Field}>
      <details class="run-more" open=${Boolean(typed.prices || fields.prices || fields.limits)}><summary>Prices and limits</summary><div class="stack">
        <${Field} label="Prices" hint="US dollars for a million tokens: model, in, out. Without one, list prices are used." error=${problem || fields.prices}>${area("prices", "gpt-4o-mini 0.15 0.6")}</${Field}>
        <div class="run-settings">
          <${Field} label="Requests a minute">${input("requests", { type: "number", min: 1, placeholder: "no limit" })}</${Field}><${Field} label="Tokens a minute">${input("tokens", { type: "number", min: 1, placeholder: "no limit" })}</${Field}>
          <${Field} label="Calls at once">${input("calls", { type: "number", min: 1, placeholder: "64" })}</${Field}><${Field} label="Timeout, seconds">${input("timeout", { type: "number", min: 1, placeholder: "60" })}</${Field}>
        </div></div></details>
      ${provider && html`<label class="row"><input type="checkbox" checked=${typed.isEnabled} onChange=${() => setTyped({ ...typed, isEnabled: !typed.isEnabled })} />judges may use it</label>`}
      <button type="submit" hidden></button>
    </form>
    ${error && !known.some((name) => fields[name]) && html`<${Problem} error=${error} isInline=${true} />`}
  </${Dialog}>`;
}
