/** The form of an LLM judge: which model, what it is asked, by which rubric. */
import { html } from "../../vendor/preact.js";
import { CodeEditor } from "../../components/code-editor.js";
import { Field } from "../../components/field.js";
import { href } from "../../lib/url.js";
import { Labelled } from "./labelled.js";
import { useModels } from "./models.js";

/** @typedef {import("./fields.js").Fields} Fields */

// The older form of a judge keeps the same settings under other names.
/** @param {Fields} fields @returns {Record<string, any>} */
function readJudge(fields) {
  if (fields.llm_config) return fields.llm_config;
  const { llm_engine, evaluator_definition, scoring_rubric, model_options } = fields.configurations ?? {};
  return { ...model_options, model: llm_engine, evaluator_definition, scoring_rubric };
}

/** @param {Fields} fields @param {Record<string, any>} changes @returns {Fields} */
function writeJudge(fields, changes) {
  const present = Object.fromEntries(Object.entries({ ...readJudge(fields), ...changes }).filter(([, value]) => value !== undefined && value !== ""));
  if (fields.llm_config || !fields.configurations?.evaluator_definition) return { llm_config: present };
  const { model, evaluator_definition, scoring_rubric, ...options } = present;
  return { configurations: { ...fields.configurations, llm_engine: model, evaluator_definition, scoring_rubric, model_options: options } };
}

/**
 * @param {{fields: Fields, set: (changes: Fields) => void, errors: Record<string, string[]>, isReadOnly: boolean,
 *   paths: import("../../components/code-editor.js").Completion[] | undefined, onRun: () => void}} props
 */
export function JudgeForm({ fields, set, errors, isReadOnly, paths, onRun }) {
  const models = useModels();
  const judge = readJudge(fields);
  const change = (/** @type {Record<string, any>} */ changes) => set(writeJudge(fields, changes));
  const said = (/** @type {string} */ name, /** @type {string} */ older) => errors[`llm_config.${name}`] ?? errors[`configurations.${older}`];
  const place = fields.llm_config ? "" : "model_options.";
  return html`
    <div class="evaluator-line">
      <${Field} label="Model" error=${said("model", "llm_engine")}>
        ${(/** @type {any} */ field) => html`<input ...${field} type="text" list="evaluator-models" class="evaluator-model" spellcheck=${false} autocomplete="off"
          disabled=${isReadOnly} placeholder="gpt-4o-mini" value=${judge.model ?? ""} onInput=${(/** @type {any} */ event) => change({ model: event.target.value })} />`}
      </${Field}>
      <datalist id="evaluator-models">${models.names.map((name) => html`<option key=${name} value=${name}></option>`)}</datalist>
      <${Field} label="Temperature" error=${said("temperature", `${place}temperature`)}>
        ${(/** @type {any} */ field) => html`<input ...${field} type="number" min="0" max="2" step="0.1" class="evaluator-number" disabled=${isReadOnly}
          placeholder="default" value=${judge.temperature ?? ""}
          onInput=${(/** @type {any} */ event) => change({ temperature: event.target.value === "" ? undefined : event.target.valueAsNumber })} />`}
      </${Field}>
    </div>
    <${ModelNotice} models=${models} model=${judge.model ?? ""} />
    <${Labelled} label="Prompt" error=${said("evaluator_definition", "evaluator_definition")}
      hint=${html`Type <code>{{</code> for the fields of the sample. What stands there is data to the judge, never an order.`}>
      <${CodeEditor} language="prompt" label="Prompt" value=${judge.evaluator_definition ?? ""} completions=${paths} isReadOnly=${isReadOnly} minLines=${9}
        onSubmit=${onRun} onChange=${(/** @type {string} */ text) => change({ evaluator_definition: text })} />
    </${Labelled}>
    <${Labelled} label="Scoring rubric" error=${said("scoring_rubric", "scoring_rubric")} hint="What each score means, for the judge and for who reads the report.">
      <${CodeEditor} language="prompt" label="Scoring rubric" value=${judge.scoring_rubric ?? ""} completions=${paths} isReadOnly=${isReadOnly} minLines=${4}
        onSubmit=${onRun} onChange=${(/** @type {string} */ text) => change({ scoring_rubric: text })} />
    </${Labelled}>`;
}

/** @param {{models: import("./models.js").Models, model: string}} props */
function ModelNotice({ models, model }) {
  if (!models.isLoaded) return null;
  if (!models.hasReal) {
    return html`<p class="evaluator-notice">No provider of models is set up. The model <code>scripted</code> asks nobody: its scores are made up, for trying.
      ${" "}<a href=${href("/settings/providers")}>Set up a provider</a></p>`;
  }
  if (model === "scripted") return html`<p class="evaluator-notice">The model <code>scripted</code> asks nobody: its scores are made up, for trying.</p>`;
  return null;
}
