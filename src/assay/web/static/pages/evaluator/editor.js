/** The definition of an evaluator, by its kind. */
import { html } from "../../vendor/preact.js";
import { CopyButton } from "../../components/copy-button.js";
import { Field } from "../../components/field.js";
import { LazyPart } from "../../components/lazy-part.js";
import { formatAgo } from "../../lib/format.js";
import { kindOf } from "./kinds.js";
import { ScoreForm } from "./score-form.js";

// Each with its editor only for the kind that needs it.
const FORMS = {
  llm: () => import("./judge-form.js").then((module) => module.JudgeForm),
  code: () => import("./code-form.js").then((module) => module.CodeForm),
  builtin: () => import("./builtin-form.js").then((module) => module.BuiltinForm),
};

// The fields beside which what the server said of them is shown.
const SHOWN = /^(name|llm_config\.|code_config\.|configurations|score_config\.|score_value_type|categorical_choices|passing_conditions)/;

/**
 * @param {{evaluator: any, fields: import("./fields.js").Fields, set: (changes: Record<string, any>) => void, errors: Record<string, string[]>,
 *   isReadOnly: boolean, isOld: boolean, draft: import("./draft.js").Draft, paths: any, onRun: () => void}} props
 */
export function Editor({ evaluator, fields, set, errors, isReadOnly, isOld, draft, paths, onRun }) {
  const kind = kindOf({ ...evaluator, ...fields });
  const others = Object.entries(errors).filter(([name]) => !SHOWN.test(name));
  const form = { fields, set, errors, isReadOnly };
  return html`<section class="evaluator-editor" aria-label="Definition">
    ${isOld && html`<p class="evaluator-notice">You are looking at v${evaluator.version}${evaluator.version_description ? `: ${evaluator.version_description}` : ""}. Versions do not change; Restore makes it the draft again.</p>`}
    ${!isOld && evaluator.is_builtin && html`<p class="evaluator-notice">It comes with Assay and does not change. Duplicate it to give it settings of your own.</p>`}
    ${!isOld && draft.keptAt && html`<p class="evaluator-notice row row-wrap"><span class="grow">Your unsaved changes of ${formatAgo(draft.keptAt)} were kept.</span>
      <button type="button" class="button" onClick=${draft.discard}>Discard them</button></p>`}
    <div class="evaluator-line">
      <div class="grow"><${Field} label="Name" error=${errors.name}>
        ${(/** @type {any} */ field) => html`<input ...${field} type="text" maxlength="255" class="evaluator-name" disabled=${isReadOnly} value=${fields.name ?? ""}
          onInput=${(/** @type {any} */ event) => set({ name: event.target.value })} />`}
      </${Field}></div>
      <div class="field"><span class="evaluator-label">Slug</span><span class="row evaluator-slug-line"><code>${evaluator.evaluator_slug}</code><${CopyButton} text=${evaluator.evaluator_slug} label="Copy slug" /></span></div>
    </div>
    ${kind !== "human" && html`<${LazyPart} key=${kind} load=${FORMS[kind]} ...${form} evaluator=${evaluator} paths=${paths} onRun=${onRun} />`}
    <${ScoreForm} ...${form} isBuiltin=${kind === "builtin"} />
    ${!evaluator.is_builtin && html`<${Field} label=${kind === "human" ? "What people are asked" : "Description"}>
      ${(/** @type {any} */ field) => html`<textarea ...${field} rows="3" disabled=${isReadOnly} value=${fields.description ?? ""}
        onInput=${(/** @type {any} */ event) => set({ description: event.target.value })}></textarea>`}
    </${Field}>`}
    ${others.length > 0 && html`<div class="field-error" role="alert">${others.map(([name, texts]) => html`<p key=${name}>${name}: ${texts.join(" ")}</p>`)}</div>`}
  </section>`;
}
