/** The labels that an evaluator chooses from, each with a number where one stands for it. */
import { html } from "../../vendor/preact.js";

/** @typedef {import("./fields.js").Fields} Fields @typedef {{name: string, value: any}} Choice */

/** @param {Fields} fields @returns {Choice[]} */
export function choicesOf(fields) {
  const listed = fields.categorical_choices?.length ? fields.categorical_choices : (fields.score_config?.choices ?? []);
  return listed.map((/** @type {any} */ each) => (typeof each === "string" ? { name: each, value: each } : { name: each.name ?? "", value: each.value ?? each.name }));
}

/**
 * @param {{fields: Fields, set: (changes: Fields) => void, errors: Record<string, string[]>, isReadOnly: boolean}} props
 */
export function Choices({ fields, set, errors, isReadOnly }) {
  const choices = choicesOf(fields);
  const isOlder = !fields.categorical_choices?.length && Boolean(fields.score_config?.choices?.length);
  const change = (/** @type {Choice[]} */ next) => set(isOlder ? { score_config: { ...fields.score_config, choices: next } } : { categorical_choices: next });
  const replace = (/** @type {number} */ at, /** @type {Choice} */ choice) => change(choices.map((each, place) => (place === at ? choice : each)));
  const said = [...(errors.categorical_choices ?? []), ...(errors["score_config.choices"] ?? [])];
  return html`<div class="field" role="group" aria-label="Labels">
    <span class="evaluator-label">Labels, and the number that stands for each</span>
    ${choices.map((choice, at) => html`<div key=${at} class="row">
      <input type="text" class="grow" aria-label=${`Label ${at + 1}`} disabled=${isReadOnly} value=${choice.name}
        onInput=${(/** @type {any} */ event) => replace(at, { name: event.target.value, value: typeof choice.value === "number" ? choice.value : event.target.value })} />
      <input type="number" step="any" class="evaluator-number" aria-label=${`Number of label ${at + 1}`} placeholder="none" disabled=${isReadOnly}
        value=${typeof choice.value === "number" ? choice.value : ""}
        onInput=${(/** @type {any} */ event) => replace(at, { name: choice.name, value: event.target.value === "" ? choice.name : event.target.valueAsNumber })} />
      <button type="button" class="button button-quiet button-icon" aria-label=${`Remove label ${choice.name}`} disabled=${isReadOnly}
        onClick=${() => change(choices.filter((_, place) => place !== at))}>×</button>
    </div>`)}
    <div><button type="button" class="button" disabled=${isReadOnly} onClick=${() => change([...choices, { name: `Label ${choices.length + 1}`, value: choices.length }])}>Add a label</button></div>
    ${said.length > 0 && html`<p class="field-error" role="alert">${said.join(" ")}</p>`}
  </div>`;
}
