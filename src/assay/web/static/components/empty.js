/** A place with nothing in it yet: why, and what next. */
import { html } from "../vendor/preact.js";

/** @param {{title: string, text?: any, children?: any}} props the children are the ways out */
export function Empty({ title, text, children }) {
  return html`<div class="empty">
    <h2>${title}</h2>
    ${text && html`<p class="muted">${text}</p>`}
    ${children && html`<div class="empty-ways">${children}</div>`}
  </div>`;
}
