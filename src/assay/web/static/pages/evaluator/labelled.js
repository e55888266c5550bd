/** A label, a hint and an error around an editor, which names itself. */
import { html } from "../../vendor/preact.js";

/**
 * @param {{label: string, hint?: any, error?: string[], children: any}} props
 */
export function Labelled({ label, hint, error, children }) {
  return html`<div class="field">
    <span class="evaluator-label" aria-hidden="true">${label}</span>
    ${children}
    ${error && html`<p class="field-error" role="alert">${error.join(" ")}</p>`}
    ${hint && html`<p class="field-hint">${hint}</p>`}
  </div>`;
}
