/** A button that copies a text and says so. */
import { html, useState } from "../vendor/preact.js";
import { toast } from "../lib/toast.js";

/** @param {string} text @returns {Promise<void>} */
export async function copyText(text) {
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    // Without HTTPS and away from localhost there is no clipboard of that kind.
    const area = document.createElement("textarea");
    area.value = text;
    (document.querySelector("dialog[open]") ?? document.body).append(area);
    area.select();
    const isCopied = document.execCommand("copy");
    area.remove();
    if (!isCopied) toast("The browser does not let this page copy. Select the text and copy it.", { kind: "bad" });
  }
}

/** @param {{text: string | (() => string), label?: string, kind?: string}} props */
export function CopyButton({ text, label = "Copy", kind = "quiet" }) {
  const [isDone, setIsDone] = useState(false);
  const copy = async () => {
    await copyText(typeof text === "function" ? text() : text);
    setIsDone(true);
    setTimeout(() => setIsDone(false), 1_500);
  };
  return html`<button class=${`button button-${kind}`} type="button" onClick=${copy}>${isDone ? "✓ Copied" : label}</button>`;
}
