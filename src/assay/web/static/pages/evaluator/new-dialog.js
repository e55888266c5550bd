/** Makes an evaluator: its kind, its name, and something to begin with. */
import { html, useState } from "../../vendor/preact.js";
import { Button } from "../../components/button.js";
import { Dialog } from "../../components/dialog.js";
import { Field } from "../../components/field.js";
import { Problem } from "../../components/problem.js";
import { invalidate, request, useRequest } from "../../lib/api.js";
import { toast } from "../../lib/toast.js";
import { navigate } from "../../lib/url.js";
import { KINDS, KIND_TEXTS, startingBody } from "./kinds.js";
import { useModels } from "./models.js";

/** @typedef {import("./kinds.js").Kind} Kind */

/** @param {{onClose: () => void}} props */
export function NewEvaluatorDialog({ onClose }) {
  const [kind, setKind] = useState(/** @type {Kind} */ ("llm"));
  const [name, setName] = useState("");
  const [source, setSource] = useState("exact_match");
  const [isBusy, setBusy] = useState(false);
  const [error, setError] = useState(/** @type {any} */ (null));
  const models = useModels();
  const builtins = useRequest({ path: "/api/evaluators/", params: { type: "code", page_size: 100 } });
  const sources = (builtins.data?.results ?? []).filter((/** @type {any} */ each) => each.is_builtin);
  const chosen = sources.find((/** @type {any} */ each) => each.evaluator_slug === source);
  const body = startingBody(kind, { name: name.trim() || (kind === "builtin" && chosen ? chosen.name : ""), model: models.names[0] ?? "scripted", source });
  const call = { method: "POST", path: "/api/evaluators/", body };
  const create = () => {
    if (!body.name || isBusy) return;
    setBusy(true);
    request("POST", call.path, { body }).then(
      (evaluator) => {
        invalidate("/api/evaluators/");
        for (const text of evaluator.warnings ?? []) toast(text);
        onClose();
        navigate(`/evaluators/${evaluator.evaluator_slug}`);
      },
      (caught) => {
        setBusy(false);
        setError(caught);
      },
    );
  };
  return html`<${Dialog} title="New evaluator" onClose=${onClose} call=${call} isBusy=${isBusy}
    footer=${html`<${Button} onClick=${onClose} isDisabled=${isBusy}>Cancel</${Button}>
      <${Button} kind="primary" onClick=${create} isBusy=${isBusy} isDisabled=${!body.name}>Create</${Button}>`}>
    <fieldset class="evaluator-kinds"><legend class="evaluator-legend">Who judges</legend>
      ${/** @type {Kind[]} */ (Object.keys(KINDS)).map((each) => html`<label key=${each} class="evaluator-kind">
        <input type="radio" name="kind" value=${each} checked=${kind === each} onChange=${() => setKind(each)} />
        <span><strong>${KINDS[each]}</strong><br /><span class="muted small">${KIND_TEXTS[each]}</span></span></label>`)}
    </fieldset>
    ${kind === "builtin" && html`<${Field} label="Measure" hint=${chosen?.description}>
      ${(/** @type {any} */ field) => html`<select ...${field} value=${source} onChange=${(/** @type {any} */ event) => setSource(event.target.value)}>
        ${sources.map((/** @type {any} */ each) => html`<option key=${each.id} value=${each.evaluator_slug}>${each.name}</option>`)}</select>`}
    </${Field}>`}
    <${Field} label="Name" error=${error?.fields?.name} hint="Its slug is made of it: what reports and calls name it by.">
      ${(/** @type {any} */ field) => html`<input ...${field} type="text" autofocus maxlength="255" placeholder=${kind === "builtin" ? (chosen?.name ?? "") : "Answers the question"} value=${name}
        onInput=${(/** @type {any} */ event) => setName(event.target.value)} onKeyDown=${(/** @type {KeyboardEvent} */ event) => event.key === "Enter" && create()} />`}
    </${Field}>
    ${kind === "llm" && models.isLoaded && !models.hasReal && html`<p class="evaluator-notice">No provider of models is set up, so it begins with the scripted model, whose scores are made up.</p>`}
    ${error && html`<${Problem} error=${error} isInline />`}
  </${Dialog}>`;
}
