/** Something that failed: what was asked, what was answered, and how to go on. */
import { html } from "../vendor/preact.js";
import { ApiError, asCurl } from "../lib/api.js";
import { CopyButton } from "./copy-button.js";

/** @param {{error: any, retry?: () => void, isInline?: boolean}} props */
export function Problem({ error, retry, isInline = false }) {
  const call = error instanceof ApiError ? error.call : null;
  return html`<div class=${`problem ${isInline ? "problem-inline" : ""}`} role="alert">
    <p class="problem-text">${error?.message ?? "Something went wrong."}</p>
    ${call && html`<p class="muted mono problem-call">${call.method ?? "GET"} ${call.path}${error.status ? ` → ${error.status}` : ""}</p>`}
    <div class="row">
      ${retry && html`<button class="button" type="button" onClick=${retry}>Retry</button>`}
      ${call && html`<${CopyButton} text=${() => asCurl(call)} label="Copy as curl" />`}
    </div>
  </div>`;
}
