/** The form of a built-in evaluator: its parameters, as the API names them. */
import { html, useEffect, useState } from "../../vendor/preact.js";
import { CodeEditor } from "../../components/code-editor.js";
import { Field } from "../../components/field.js";
import { useRequest } from "../../lib/api.js";
import { Labelled } from "./labelled.js";

/** @typedef {import("./fields.js").Fields} Fields */

/** "maximum_cost_usd" as words. @param {string} name */
const words = (name) => (name.charAt(0).toUpperCase() + name.slice(1)).replaceAll("_", " ").replace(/\busd\b/, "(USD)");

/**
 * @param {{evaluator: any, fields: Fields, set: (changes: Fields) => void, errors: Record<string, string[]>, isReadOnly: boolean}} props
 */
export function BuiltinForm({ evaluator, fields, set, errors, isReadOnly }) {
  // The seeded evaluator of the class has every parameter with its default.
  const { data } = useRequest({ path: "/api/evaluators/", params: { eval_class: evaluator.eval_class, page_size: 100 } });
  const seeded = data?.results.find((/** @type {any} */ each) => each.is_builtin);
  const defaults = seeded?.configurations ?? {};
  const values = { ...defaults, ...fields.configurations };
  const said = errors.configurations ?? [];
  const names = Object.keys(values);
  const change = (/** @type {string} */ name, /** @type {any} */ value) => set({ configurations: { ...fields.configurations, [name]: value } });
  return html`<p class="muted">${seeded?.description ?? evaluator.description}</p>
    ${names.length === 0 && html`<p class="muted">It has no settings.</p>`}
    ${names.map((name) => html`<${Parameter} key=${name} name=${name} value=${values[name]} preset=${defaults[name]} isReadOnly=${isReadOnly}
      error=${said.filter((/** @type {string} */ text) => text.includes(`${name}:`))} onChange=${(/** @type {any} */ value) => change(name, value)} />`)}
    ${said.filter((/** @type {string} */ text) => !names.some((name) => text.includes(`${name}:`))).map((/** @type {string} */ text) => html`<p class="field-error" role="alert">${text}</p>`)}`;
}

/** @param {{name: string, value: any, preset: any, error: string[], isReadOnly: boolean, onChange: (value: any) => void}} props */
function Parameter({ name, value, preset, error, isReadOnly, onChange }) {
  const kind = typeof (preset ?? value);
  const wrong = error.length ? error : undefined;
  if (kind === "boolean") {
    return html`<label class="evaluator-check"><input type="checkbox" checked=${value} disabled=${isReadOnly}
      onChange=${(/** @type {any} */ event) => onChange(event.target.checked)} /> ${words(name)}</label>`;
  }
  if (kind === "object" && name === "schema") return html`<${JsonParameter} name=${name} value=${value} isReadOnly=${isReadOnly} error=${wrong} onChange=${onChange} />`;
  const isNumber = kind === "number";
  return html`<${Field} label=${words(name)} error=${wrong} hint=${preset === null && value === null ? "Empty: each row's own" : preset === null ? "" : `Default: ${preset}`}>
    ${(/** @type {any} */ field) => html`<input ...${field} type=${isNumber ? "number" : "text"} step="any" class=${isNumber ? "evaluator-number" : ""} disabled=${isReadOnly}
      value=${value ?? ""} onInput=${(/** @type {any} */ event) => {
        const text = event.target.value;
        if (isNumber) return Number.isFinite(event.target.valueAsNumber) && onChange(event.target.valueAsNumber);
        return onChange(text === "" && preset === null ? null : text);
      }} />`}
  </${Field}>`;
}

/** @param {{name: string, value: any, isReadOnly: boolean, error: string[] | undefined, onChange: (value: any) => void}} props */
function JsonParameter({ name, value, isReadOnly, error, onChange }) {
  const [text, setText] = useState(value === null ? "" : JSON.stringify(value, null, 2));
  useEffect(() => {
    // What came from elsewhere, such as a discarded draft, takes the place of what was typed.
    if (value !== undefined && text.trim() && !isTyped(text, value)) setText(value === null ? "" : JSON.stringify(value, null, 2));
  }, [value]);
  const change = (/** @type {string} */ next) => {
    setText(next);
    if (!next.trim()) return onChange(null);
    try {
      onChange(JSON.parse(next));
    } catch {
      // Half-typed JSON is underlined by the editor, and waits.
    }
  };
  return html`<${Labelled} label=${words(name)} error=${error} hint="Empty: each row's own.">
    <${CodeEditor} language="json" label=${words(name)} value=${text} isReadOnly=${isReadOnly} minLines=${8} onChange=${change} />
  </${Labelled}>`;
}

/** @param {string} text @param {any} value */
function isTyped(text, value) {
  try {
    return JSON.stringify(JSON.parse(text)) === JSON.stringify(value);
  } catch {
    return true;
  }
}
