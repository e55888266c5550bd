/** One step of the start: a mark that ticks itself, what to do, the call to copy, and what came of it. */
import { html } from "../../vendor/preact.js";
import { Snippet } from "../../components/snippet.js";
import { textsOf } from "../../lib/start-steps.js";

/**
 * @param {{number: number, title: string, isDone: boolean, isNext: boolean, text: any, step: import("../../lib/start-steps.js").Step,
 *   apiKey: string, action?: any, answer?: any}} props `answer` says what the server saw, with a link
 */
export function Step({ number, title, isDone, isNext, text, step, apiKey, action, answer }) {
  return html`<li class=${`start-step ${isDone ? "start-step-done" : ""} ${isNext ? "start-step-next" : ""}`}>
    <span class="start-mark" aria-hidden="true">${isDone ? "✓" : number}</span>
    <div class="start-inside">
      <div class="start-line">
        <h2>${title}<span class="visually-hidden">${isDone ? ", done" : isNext ? ", next" : ""}</span></h2>
        ${action && html`<div class="start-action">${action}</div>`}
      </div>
      <p class="muted">${text}</p>
      ${answer && html`<p class="start-answer" role="status">${answer}</p>`}
      <details class="start-call" open=${isNext}>
        <summary>As a call</summary>
        <${Snippet} texts=${textsOf(step, apiKey)} />
      </details>
    </div>
  </li>`;
}
