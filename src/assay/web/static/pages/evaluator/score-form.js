/** What an evaluator answers: the kind of score, its scale or labels, when it passes, and which way is better. */
import { html } from "../../vendor/preact.js";
import { Field } from "../../components/field.js";
import { SCORE_TYPES } from "./kinds.js";
import { Choices, choicesOf } from "./choices.js";
import { PassRule } from "./pass-rule.js";

/** @typedef {import("./fields.js").Fields} Fields */

const OFFERED = ["numerical", "boolean", "categorical", "percentage", "multi_select", "text", "json"];

/** What an older type offers beside the others. @param {string} current */
const typesFor = (current) => (OFFERED.includes(current) ? OFFERED : [...OFFERED, current]);

/**
 * @param {{fields: Fields, set: (changes: Fields) => void, errors: Record<string, string[]>, isReadOnly: boolean, isBuiltin: boolean}} props
 */
export function ScoreForm({ fields, set, errors, isReadOnly, isBuiltin }) {
  const type = fields.score_value_type;
  const isNumber = type === "numerical" || type === "percentage";
  const hasLabels = ["categorical", "single_select", "multi_select"].includes(type);
  const changeType = (/** @type {string} */ next) => {
    const becomesLabels = ["categorical", "multi_select"].includes(next);
    set({
      score_value_type: next,
      // A rule about another kind of score says nothing.
      passing_conditions: null,
      score_config: next === "numerical" ? { min_score: 0, max_score: 1 } : {},
      ...(becomesLabels && choicesOf(fields).length === 0 ? { categorical_choices: [{ name: "Good", value: 1 }, { name: "Bad", value: 0 }] } : {}),
    });
  };
  const bound = (/** @type {string} */ name, /** @type {string} */ label) => html`<${Field} label=${label} error=${errors[`score_config.${name}`]}>
    ${(/** @type {any} */ field) => html`<input ...${field} type="number" step="any" class="evaluator-number" disabled=${isReadOnly} value=${fields.score_config?.[name] ?? ""}
      onInput=${(/** @type {any} */ event) => {
        const { [name]: _, ...others } = fields.score_config ?? {};
        set({ score_config: event.target.value === "" ? others : { ...others, [name]: event.target.valueAsNumber } });
      }} />`}
  </${Field}>`;
  return html`<fieldset class="evaluator-score">
    <legend class="evaluator-legend">Score</legend>
    <div class="evaluator-line">
      <${Field} label="Answers" error=${errors.score_value_type}>
        ${(/** @type {any} */ field) => html`<select ...${field} disabled=${isReadOnly || isBuiltin} value=${type} onChange=${(/** @type {any} */ event) => changeType(event.target.value)}>
          ${typesFor(type).map((name) => html`<option key=${name} value=${name}>${SCORE_TYPES[name] ?? name}</option>`)}
        </select>`}
      </${Field}>
      ${isNumber && !isBuiltin && [bound("min_score", "From"), bound("max_score", "To")]}
      ${type !== "text" && type !== "comment" && type !== "json" &&
      html`<${Field} label="Better is">
        ${(/** @type {any} */ field) => html`<select ...${field} disabled=${isReadOnly} value=${fields.direction} onChange=${(/** @type {any} */ event) => set({ direction: event.target.value })}>
          <option value="higher">higher</option><option value="lower">lower</option><option value="none">neither</option>
        </select>`}
      </${Field}>`}
    </div>
    ${hasLabels && html`<${Choices} fields=${fields} set=${set} errors=${errors} isReadOnly=${isReadOnly} />`}
    <${PassRule} fields=${fields} set=${set} errors=${errors} isReadOnly=${isReadOnly} />
  </fieldset>`;
}
