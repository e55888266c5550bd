/** The messages at the foot of the page. */
import { html } from "../vendor/preact.js";
import { dismiss, toasts } from "../lib/toast.js";

export function Toasts() {
  return html`<div class="toasts" role="status" aria-live="polite">
    ${toasts.value.map(
      ({ id, text, kind, action }) => html`<div key=${id} class=${`toast toast-${kind}`}>
        <span class="grow">${text}</span>
        ${action &&
        html`<button class="button button-quiet toast-action" type="button" onClick=${() => (action.run(), dismiss(id))}>
          ${action.label}
        </button>`}
        <button class="button button-quiet button-icon" type="button" aria-label="Dismiss" onClick=${() => dismiss(id)}>×</button>
      </div>`,
    )}
  </div>`;
}
