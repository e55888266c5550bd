/** A labelled input with its hint and its error. */
import { html, useId } from "../vendor/preact.js";

/**
 * @param {{label: any, hint?: any, error?: string | string[] | null, isInline?: boolean,
 *   children: (field: {id: string, "aria-describedby"?: string, "aria-invalid"?: boolean}) => any}} props the children
 *   make the input from the attributes that tie it to its label
 */
export function Field({ label, hint, error, isInline = false, children }) {
  const id = useId();
  const said = Array.isArray(error) ? error.join(" ") : error;
  const described = [hint && `${id}-hint`, said && `${id}-error`].filter(Boolean).join(" ");
  const make = /** @type {any} */ (Array.isArray(children) ? children.find((child) => typeof child === "function") : children);
  return html`<div class=${`field ${isInline ? "field-inline" : ""}`}>
    <label for=${id}>${label}</label>
    ${make({ id, "aria-describedby": described || undefined, "aria-invalid": said ? true : undefined })}
    ${hint && html`<p class="field-hint" id=${`${id}-hint`}>${hint}</p>`}
    ${said && html`<p class="field-error" id=${`${id}-error`} role="alert">${said}</p>`}
  </div>`;
}
