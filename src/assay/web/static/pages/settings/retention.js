/** How long request logs are kept. */
import { html, useState } from "../../vendor/preact.js";
import { Button } from "../../components/button.js";
import { Field } from "../../components/field.js";
import { Problem } from "../../components/problem.js";
import { Skeleton } from "../../components/skeleton.js";
import { Snippet } from "../../components/snippet.js";
import { invalidate, request, useRequest } from "../../lib/api.js";
import { toast } from "../../lib/toast.js";

const PATH = "/api/retention/";
const ENVIRONMENTS = ["prod", "test"];

export default function Retention() {
  const { data, error, retry } = useRequest({ path: PATH });
  // Laid over what is stored, so that an answer that comes late takes nothing back.
  const [typed, setTyped] = useState(/** @type {Record<string, string>} */ ({}));
  const [refusal, setRefusal] = useState(/** @type {any} */ (null));
  if (error?.status === 403) return html`<p class="muted">You are signed in with a key that may not see this: it needs the scope admin.</p>`;
  if (error && !data) return html`<${Problem} error=${error} retry=${retry} />`;
  if (!data) return html`<${Skeleton} lines=${3} />`;
  /** @param {string} name */
  const textOf = (name) => typed[name] ?? String(data[name] ?? "");
  const body = Object.fromEntries(ENVIRONMENTS.map((name) => [name, textOf(name).trim() === "" ? null : Number(textOf(name))]));
  const isChanged = ENVIRONMENTS.some((name) => body[name] !== data[name]);
  const isShorter = ENVIRONMENTS.some((name) => body[name] !== null && (data[name] === null || /** @type {number} */ (body[name]) < data[name]));
  const save = () => request("PUT", PATH, { body }).then(() => (setRefusal(null), invalidate(PATH), toast("Saved.", { kind: "good" })), setRefusal);
  return html`<form class="stack settings-form" onSubmit=${(/** @type {Event} */ event) => (event.preventDefault(), isChanged && save())}>
    <p class="muted">Request logs older than this are deleted. Rows of datasets are copies and stay.</p>
    ${ENVIRONMENTS.map((name) => html`<${Field} key=${name} label=${`Days that logs of ${name} are kept`} error=${refusal?.fields?.[name]}>
      ${(/** @type {any} */ field) => html`<input ...${field} type="number" min="1" max="36500" placeholder="for ever" value=${textOf(name)} onInput=${(/** @type {any} */ event) => setTyped({ ...typed, [name]: event.target.value })} />`}</${Field}>`)}
    ${isShorter && html`<p class="warn">Logs that are older are deleted soon after you save. That cannot be taken back.</p>`}
    <div><${Button} type="submit" kind="primary" isDisabled=${!isChanged}>Save</${Button}></div>
    ${refusal && !Object.keys(refusal.fields).length && html`<${Problem} error=${refusal} isInline=${true} />`}
    <details><summary class="muted small">API call</summary><${Snippet} call=${{ method: "PUT", path: PATH, body }} /></details>
  </form>`;
}
