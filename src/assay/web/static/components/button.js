/** A button that can be busy. */
import { html } from "../vendor/preact.js";

/**
 * @param {{children: any, onClick?: (event: any) => void, kind?: "primary" | "danger" | "quiet", isBusy?: boolean,
 *   isDisabled?: boolean, type?: "button" | "submit", title?: string, name?: string}} props
 */
export function Button({ children, onClick, kind, isBusy = false, isDisabled = false, type = "button", title, name }) {
  return html`<button type=${type} class=${`button ${kind ? `button-${kind}` : ""}`} disabled=${isDisabled || isBusy} aria-busy=${isBusy || undefined}
    aria-label=${name} title=${title} onClick=${onClick}>${children}${isBusy && html`<span class="button-busy" aria-hidden="true"></span>`}</button>`;
}
