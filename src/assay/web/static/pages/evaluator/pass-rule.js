/** When a score passes: a number against a limit, chosen labels, or yes. */
import { html } from "../../vendor/preact.js";
import { choicesOf } from "./choices.js";

/** @typedef {import("./fields.js").Fields} Fields */

/** @type {Record<string, string>} */
const OPERATORS = { gte: "≥", gt: ">", lte: "≤", lt: "<" };

/** @param {any} conditions @returns {{operator: string, value: number} | null} a rule that this form can show */
export function simpleRule(conditions) {
  const names = Object.keys(conditions ?? {});
  const rule = names.length === 1 ? conditions.primary_score : null;
  if (typeof rule !== "object" || rule === null) return null;
  if (rule.operator in OPERATORS && typeof rule.value === "number") return { operator: rule.operator, value: rule.value };
  // The other way to write it: {"primary_score": {"gte": 4}}.
  const [operator, ...more] = Object.keys(rule);
  return more.length === 0 && operator in OPERATORS && typeof rule[operator] === "number" ? { operator, value: rule[operator] } : null;
}

/** @param {any} conditions @returns {string[] | null} the labels that pass */
function passingLabels(conditions) {
  const names = Object.keys(conditions ?? {});
  const labels = names.length === 1 ? conditions.categorical_value : null;
  return Array.isArray(labels) ? labels : typeof labels === "string" ? [labels] : null;
}

/**
 * @param {{fields: Fields, set: (changes: Fields) => void, errors: Record<string, string[]>, isReadOnly: boolean}} props
 */
export function PassRule({ fields, set, errors, isReadOnly }) {
  const type = fields.score_value_type;
  const conditions = fields.passing_conditions;
  const said = Object.entries(errors).filter(([name]) => name.startsWith("passing_conditions")).flatMap(([, texts]) => texts);
  const problem = said.length > 0 && html`<p class="field-error" role="alert">${said.join(" ")}</p>`;
  const rule = simpleRule(conditions);
  const labels = passingLabels(conditions);
  const isEmpty = !conditions || Object.keys(conditions).length === 0;
  if (["text", "comment", "json"].includes(type)) return problem;
  if (!isEmpty && rule === null && labels === null) {
    return html`<div class="field"><span class="evaluator-label">Passes if</span><pre class="mono">${JSON.stringify(conditions)}</pre>
      ${!isReadOnly && html`<div><button type="button" class="button" onClick=${() => set({ passing_conditions: null })}>Take the rule away</button></div>`}${problem}</div>`;
  }
  if (type === "boolean") return html`<p class="muted">Passes when the answer is yes.</p>${problem}`;
  if (["categorical", "single_select", "multi_select"].includes(type) && rule === null) {
    return html`<div class="field" role="group" aria-label="Labels that pass"><span class="evaluator-label">Passes when the label is</span>
      <div class="row row-wrap">${choicesOf(fields).map(({ name }, at) => html`<label key=${at} class="evaluator-check"><input type="checkbox" disabled=${isReadOnly}
        checked=${labels?.includes(name) ?? false} onChange=${(/** @type {any} */ event) => {
          const others = (labels ?? []).filter((label) => label !== name && choicesOf(fields).some((choice) => choice.name === label));
          const next = event.target.checked ? [...others, name] : others;
          set({ passing_conditions: next.length ? { categorical_value: next } : null });
        }} /> ${name || "(no name)"}</label>`)}</div>${problem}</div>`;
  }
  return html`<div class="field" role="group" aria-label="When a score passes"><span class="evaluator-label">Passes if the score is</span>
    <div class="row">
      <select aria-label="Comparison" disabled=${isReadOnly} value=${rule?.operator ?? "gte"}
        onChange=${(/** @type {any} */ event) => rule && set({ passing_conditions: { primary_score: { ...rule, operator: event.target.value } } })}>
        ${Object.entries(OPERATORS).map(([name, sign]) => html`<option key=${name} value=${name}>${sign}</option>`)}
      </select>
      <input type="number" step="any" class="evaluator-number" aria-label="Limit to pass" placeholder="no rule" disabled=${isReadOnly} value=${rule?.value ?? ""}
        onInput=${(/** @type {any} */ event) =>
          set({ passing_conditions: event.target.value === "" ? null : { primary_score: { operator: rule?.operator ?? "gte", value: event.target.valueAsNumber } } })} />
    </div>${problem}</div>`;
}
