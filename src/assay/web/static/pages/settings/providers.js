/** Providers of models: where they answer, what they serve, whether they do. */
import { html, useState } from "../../vendor/preact.js";
import { Button } from "../../components/button.js";
import { Empty } from "../../components/empty.js";
import { Problem } from "../../components/problem.js";
import { Skeleton } from "../../components/skeleton.js";
import { invalidate, request, useRequest } from "../../lib/api.js";
import { formatSeconds, plural } from "../../lib/format.js";
import { withUndo } from "../../lib/toast.js";
import { ProviderDialog } from "./provider-dialog.js";

const PATH = "/api/providers/";
/** Deleted, but it can still be taken back. @type {Set<string>} */
const pending = new Set();

export default function Providers() {
  const { data, error, retry } = useRequest({ path: `${PATH}list/`, params: { page_size: 500 } });
  const [edited, setEdited] = useState(/** @type {any} */ (null));
  const [, redraw] = useState(0);
  if (error && !data) return html`<${Problem} error=${error} retry=${retry} />`;
  if (!data) return html`<${Skeleton} lines=${4} />`;
  const shown = data.results.filter((/** @type {any} */ each) => !pending.has(each.id));
  const remove = (/** @type {any} */ provider) => {
    pending.add(provider.id);
    redraw((last) => last + 1);
    const forget = () => (pending.delete(provider.id), redraw((last) => last + 1));
    withUndo({
      text: `Deleted ${provider.name} and its key.`,
      run: (keepalive) => request("DELETE", `${PATH}${provider.id}/`, { keepalive }).then(() => (invalidate(PATH), forget())),
      undo: forget,
    });
  };
  return html`<div class="settings-line"><p class="muted grow">Judges ask models through these. Keys are encrypted, and no answer of the API shows one.</p>
      <${Button} kind="primary" onClick=${() => setEdited({})}>Add a provider</${Button}></div>
    ${!shown.length && html`<${Empty} title="No providers yet" text="Built-in and Python evaluators need none; a judge needs a model to ask." />`}
    <ul class="stack">${shown.map((/** @type {any} */ provider) => html`<${ProviderCard} key=${provider.id} provider=${provider} onEdit=${() => setEdited(provider)} onDelete=${() => remove(provider)} />`)}</ul>
    ${edited && html`<${ProviderDialog} provider=${edited.id ? edited : null} onClose=${() => setEdited(null)} />`}`;
}

/** @param {{provider: any, onEdit: () => void, onDelete: () => void}} props */
function ProviderCard({ provider, onEdit, onDelete }) {
  const [trial, setTrial] = useState(/** @type {any} */ (null));
  const [isBusy, setIsBusy] = useState(false);
  const test = () => {
    setIsBusy(true);
    request("POST", `${PATH}${provider.id}/test/`, { body: {} }).then(setTrial, (error) => setTrial({ is_working: false, message: error.message })).finally(() => setIsBusy(false));
  };
  const { limits, models, prices } = provider;
  const facts = [
    models.length ? plural(models.length, "model") : "any model",
    Object.keys(prices).length ? plural(Object.keys(prices).length, "price") : "list prices",
    `${limits.max_concurrency} calls at once`,
    limits.requests_per_minute && `${limits.requests_per_minute} requests a minute`,
    limits.tokens_per_minute && `${limits.tokens_per_minute} tokens a minute`,
  ];
  return html`<li class="settings-card">
    <div class="grow stack settings-card-text">
      <p><b>${provider.name}</b> <span class="chip">${provider.kind}</span>
        ${!provider.is_enabled && html` <span class="chip chip-warn">switched off</span>`}
        ${provider.is_from_environment && html` <span class="chip" title="Set where the server was started; read-only here">from the environment</span>`}
        ${provider.kind !== "scripted" && html` <span class=${`chip ${provider.has_key ? "chip-good" : ""}`}>${provider.has_key ? "key stored" : "no key"}</span>`}</p>
      <p class="muted mono">${provider.base_url || "asks nobody: answers from a script"}</p>
      <p class="muted small">${facts.filter(Boolean).join(" · ")}</p>
      ${models.length > 0 && html`<p class="mono settings-models">${models.join(", ")}</p>`}
      ${trial && html`<p role="status" class=${trial.is_working ? "good" : "bad"}>${trial.is_working ? `✓ ${trial.model} answered in ${formatSeconds(trial.latency_seconds)}` : `✗ ${trial.message}`}</p>`}
    </div>
    <div class="row"><${Button} name=${`Test ${provider.name}`} onClick=${test} isBusy=${isBusy}>Test</${Button}>
      ${!provider.is_from_environment && html`<${Button} name=${`Edit ${provider.name}`} onClick=${onEdit}>Edit</${Button}><${Button} kind="quiet" name=${`Delete ${provider.name}`} onClick=${onDelete}>Delete</${Button}>`}</div>
  </li>`;
}
