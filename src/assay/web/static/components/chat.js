/** A conversation: messages by role, tool calls folded. */
import { html, useState } from "../vendor/preact.js";
import { plural } from "../lib/format.js";
import { previewOf } from "../lib/preview.js";
import { visibleText } from "../lib/visible.js";
import { JsonTree } from "./json-tree.js";
import { BinaryChip, ValueText } from "./value-text.js";

/** @typedef {import("../lib/messages.js").Message} Message @typedef {import("../lib/messages.js").Part} Part */

const ROLES = /** @type {Record<string, string>} */ ({
  system: "System", developer: "Developer", user: "User", assistant: "Assistant", tool: "Tool",
});
const STEP = 50;
// A longer system prompt is folded: it is the same in every row.
const LONGEST_SYSTEM = 400;

/**
 * @param {{messages: Message[], others?: Record<string, any> | null, label?: string, downloadName?: string}} props `others`
 *   stands beside the messages
 */
export function Chat({ messages, others = null, label = "Conversation", downloadName = "message.txt" }) {
  const [count, setCount] = useState(STEP);
  return html`<ol class="chat" aria-label=${label}>
    ${messages.slice(0, count).map(
      (message, place) => html`<${ChatMessage} key=${place} message=${message} downloadName=${downloadName} />`,
    )}
    ${messages.length > count &&
    html`<li><button type="button" class="button" onClick=${() => setCount(count + STEP)}>
      Show ${Math.min(STEP, messages.length - count)} more of ${plural(messages.length, "message")}</button></li>`}
    ${others && html`<li><${Folded} name=${plural(Object.keys(others).length, "other key")} summary=${Object.keys(others).slice(0, 8).join(", ")}>
      <${Value} value=${others} /></${Folded}></li>`}
  </ol>`;
}

/** @param {{message: Message, downloadName: string}} props */
function ChatMessage({ message, downloadName }) {
  const role = ROLES[message.role] ?? visibleText(message.role);
  const kind = message.role in ROLES ? message.role : "other";
  const only = message.parts.length === 1 ? message.parts[0] : null;
  const isFolded = (kind === "system" || kind === "developer") && only?.kind === "text" && only.text.length > LONGEST_SYSTEM;
  const body = message.parts.map((part, place) => html`<${ChatPart} key=${place} part=${part} downloadName=${downloadName} />`);
  return html`<li class=${`chat-message chat-${kind}`}>
    <div class="chat-role">${role}${message.name && html` <span class="muted" dir="auto">${visibleText(message.name)}</span>`}</div>
    ${isFolded
      ? html`<${Folded} summary=${previewOf(only.text, 160)} isDim=${true}>${body}</${Folded}>`
      : body.length > 0 ? body : html`<p class="muted">No content</p>`}
  </li>`;
}

/** @param {{part: Part, downloadName: string}} props */
function ChatPart({ part, downloadName }) {
  if (part.kind === "text") return html`<${ValueText} text=${part.text} downloadName=${downloadName} />`;
  if (part.kind === "binary") return html`<p><${BinaryChip} binary=${part.binary} /></p>`;
  if (part.kind === "link") {
    const isWeb = /^https?:\/\//i.test(part.url);
    return html`<p class="chat-link">${part.text}${" "}
      ${isWeb
        ? html`<a href=${part.url} target="_blank" rel="noreferrer noopener">${visibleText(part.url.slice(0, 500))}</a>`
        : visibleText(part.url.slice(0, 500))}</p>`;
  }
  if (part.kind === "refusal") return html`<div><span class="chip chip-warn">refusal</span><${ValueText} text=${part.text} /></div>`;
  if (part.kind === "thinking") {
    return html`<${Folded} name="Thinking" summary=${previewOf(part.text, 120)} isDim=${true}><${ValueText} text=${part.text} /></${Folded}>`;
  }
  if (part.kind === "call") {
    return html`<${Folded} name=${`Calls ${part.name}`} summary=${previewOf(part.value, 120)}><${Value} value=${part.value} /></${Folded}>`;
  }
  if (part.kind === "result") {
    const name = `${part.isError ? "Error" : "Result"}${part.name ? ` of ${part.name}` : ""}`;
    return html`<${Folded} name=${name} summary=${previewOf(part.value, 120)} isBad=${part.isError}><${Value} value=${part.value} /></${Folded}>`;
  }
  return html`<${Value} value=${/** @type {{value: any}} */ (part).value} />`;
}

/** @param {{value: any}} props */
function Value({ value }) {
  if (typeof value === "string") return html`<${ValueText} text=${value} isMono=${true} />`;
  return html`<${JsonTree} value=${value} label="Value" />`;
}

/**
 * What is shown in one line until it is opened; closed, its content does not exist.
 * @param {{name?: string, summary: string, children?: any, isDim?: boolean, isBad?: boolean}} props
 */
function Folded({ name = "", summary, children, isDim = false, isBad = false }) {
  const [isOpen, setOpen] = useState(false);
  return html`<details class=${isDim ? "chat-folded chat-dim" : "chat-folded"} onToggle=${(/** @type {any} */ event) => setOpen(event.currentTarget.open)}>
    <summary dir="auto">
      ${name && html`<span class=${isBad ? "chip chip-bad" : "chip"}>${visibleText(name)}</span> `}
      ${(!isOpen || name) && html`<span class="chat-summary">${isOpen ? "" : summary}</span>`}
      ${isOpen && !name && "Show less"}
    </summary>
    ${isOpen && html`<div class="chat-inside">${children}</div>`}
  </details>`;
}
