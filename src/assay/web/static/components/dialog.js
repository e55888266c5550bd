/** A modal dialog, with the API call that its button makes. */
import { html, useId, useLayoutEffect, useRef } from "../vendor/preact.js";
import { Snippet } from "./snippet.js";

/**
 * @param {{title: string, onClose: () => void, children: any, footer?: any, call?: import("../lib/api.js").Call | null,
 *   size?: "small" | "normal" | "large", isBusy?: boolean}} props `call` is shown in a drawer; a busy dialog stays open
 */
export function Dialog({ title, onClose, children, footer, call, size = "normal", isBusy = false }) {
  const ref = useRef(/** @type {HTMLDialogElement | null} */ (null));
  const id = useId();
  useLayoutEffect(() => {
    const opener = /** @type {HTMLElement | null} */ (document.activeElement);
    const dialog = /** @type {HTMLDialogElement} */ (ref.current);
    dialog.showModal();
    const first = dialog.querySelector("[autofocus]") ?? dialog.querySelector(".dialog-body :is(input, textarea, select)");
    /** @type {HTMLElement | null} */ (first)?.focus();
    return () => {
      dialog.close();
      opener?.focus?.();
    };
  }, []);
  return html`<dialog
    ref=${ref}
    class=${`dialog dialog-${size}`}
    aria-labelledby=${id}
    onCancel=${(/** @type {Event} */ event) => {
      event.preventDefault();
      if (!isBusy) onClose();
    }}
  >
    <header class="dialog-head">
      <h2 id=${id}>${title}</h2>
      <button class="button button-quiet button-icon" type="button" aria-label="Close" disabled=${isBusy} onClick=${onClose}>×</button>
    </header>
    <div class="dialog-body">${children}</div>
    ${call && html`<details class="dialog-call"><summary>API call</summary><${Snippet} call=${call} /></details>`}
    ${footer && html`<footer class="dialog-foot">${footer}</footer>`}
  </dialog>`;
}
