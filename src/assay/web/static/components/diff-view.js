/** What differs between two values: words, lines or structure, in the colours of what went and what came. */
import { html, useState } from "../vendor/preact.js";
import { useDiff } from "../lib/diff-later.js";
import { compare } from "../lib/diff.js";
import { formatBytes, formatInteger, plural } from "../lib/format.js";
import { previewOf } from "../lib/preview.js";
import { dotted } from "../lib/tree-rows.js";
import { visibleText } from "../lib/visible.js";

/** @typedef {import("../lib/diff.js").TextPart} TextPart @typedef {import("../lib/diff.js").JsonChange} JsonChange */

const PARTS_A_STEP = 1_000;
const CHANGES_A_STEP = 100;
// Equal lines around a change; more are folded.
const CONTEXT = 3;
const LONGEST_INLINE = 8_192;

/**
 * @param {{before: any, after: any, mode?: "" | "words" | "lines" | "json", beforeName?: string, afterName?: string}} props
 */
export function DiffView({ before, after, mode = "", beforeName = "expected", afterName = "this" }) {
  const { diff, error } = useDiff(before, after, mode);
  if (error) return html`<p class="bad" role="alert">${error}</p>`;
  if (!diff) return html`<p class="muted" role="status">Comparing…</p>`;
  if (diff.kind === "same") return html`<p class="muted">No difference: both are the same.</p>`;
  if (diff.kind === "too-large") {
    return html`<p class="warn">Too large to compare: ${formatBytes(diff.bytes)} together. Up to ${formatBytes(diff.limit)} are compared.</p>`;
  }
  return html`<div class="diff">
    <p class="diff-legend small">
      <del class="diff-removed">only in ${beforeName}</del> <ins class="diff-added">only in ${afterName}</ins>
      ${diff.kind === "lines" && html`<span class="muted">by lines</span>`}
      ${diff.kind === "json" && html`<span class="muted">${plural(diff.changes.length, "difference")}${diff.isCut ? " or more" : ""}, ${formatInteger(diff.sameCount)} equal</span>`}
    </p>
    ${diff.kind === "words" && html`<${DiffWords} parts=${diff.parts} />`}
    ${diff.kind === "lines" && html`<${DiffLines} parts=${diff.parts} />`}
    ${diff.kind === "json" && html`<${DiffJson} changes=${diff.changes} />`}
  </div>`;
}

/**
 * A short text with its differences in place, for the cell of a table; a long one without.
 * @param {{before: string, after: string}} props
 */
export function InlineDiff({ before, after }) {
  if (before.length + after.length > LONGEST_INLINE) return html`<span dir="auto">${previewOf(after, 400)}</span>`;
  const diff = compare(before, after, { mode: "words", milliseconds: 20 });
  if (diff.kind === "words" || diff.kind === "lines") return html`<span dir="auto">${diff.parts.map(marked)}</span>`;
  return html`<span dir="auto">${visibleText(after)}</span>`;
}

/** @param {TextPart} part @param {number} key */
function marked({ text, change }, key) {
  if (change === "added") return html`<ins key=${key} class="diff-added">${visibleText(text)}</ins>`;
  if (change === "removed") return html`<del key=${key} class="diff-removed">${visibleText(text)}</del>`;
  return html`<span key=${key}>${visibleText(text)}</span>`;
}

/** @param {{parts: TextPart[]}} props */
function DiffWords({ parts }) {
  const [count, setCount] = useState(PARTS_A_STEP);
  return html`<div class="diff-text" dir="auto">${parts.slice(0, count).map(marked)}</div>
    <${More} left=${parts.length - count} onMore=${() => setCount(count + PARTS_A_STEP)} />`;
}

/** @param {{parts: TextPart[]}} props */
function DiffLines({ parts }) {
  const [count, setCount] = useState(CHANGES_A_STEP);
  const lines = parts.slice(0, count).map((part, place) => {
    const text = part.text.replace(/\n$/, "");
    if (part.change) {
      const sign = part.change === "added" ? "+" : "−";
      return html`<div key=${place} class=${`diff-line diff-${part.change}`} dir="auto"><span class="diff-sign" aria-hidden="true">${sign}</span>
        <span class="visually-hidden">${part.change}: </span>${clipped(text)}</div>`;
    }
    return html`<div key=${place} class="diff-line" dir="auto">${foldedEqual(text, place === 0, place === parts.length - 1)}</div>`;
  });
  return html`<div class="diff-lines">${lines}</div>
    <${More} left=${parts.length - count} onMore=${() => setCount(count + CHANGES_A_STEP)} />`;
}

/** A run of lines that is too long to be drawn, cut in its middle. @param {string} text */
function clipped(text) {
  const most = 40_000;
  return text.length <= most ? visibleText(text) : `${visibleText(text.slice(0, most))}… (${formatBytes(text.length)})`;
}

/** @param {string} text @param {boolean} isFirst @param {boolean} isLast */
function foldedEqual(text, isFirst, isLast) {
  const lines = text.split("\n");
  const head = isFirst ? 0 : CONTEXT;
  const tail = isLast ? 0 : CONTEXT;
  if (lines.length <= head + tail + 1) return clipped(text);
  const folded = plural(lines.length - head - tail, "equal line");
  const end = tail ? lines.slice(-tail) : [];
  return html`${head > 0 && clipped(lines.slice(0, head).join("\n"))}<span class="diff-folded">${folded}</span>${end.length > 0 && clipped(end.join("\n"))}`;
}

/** @param {{changes: JsonChange[]}} props */
function DiffJson({ changes }) {
  const [count, setCount] = useState(CHANGES_A_STEP);
  return html`<dl class="diff-json">
      ${changes.slice(0, count).map((change, place) => html`<div key=${place} class="diff-change">
        <dt dir="auto">${visibleText(dotted(change.path)) || "the whole value"}</dt>
        <dd dir="auto"><${JsonChangeValue} change=${change} /></dd>
      </div>`)}
    </dl>
    <${More} left=${changes.length - count} onMore=${() => setCount(count + CHANGES_A_STEP)} />`;
}

/** @param {{change: JsonChange}} props */
function JsonChangeValue({ change }) {
  const { kind, before, after } = change;
  if (kind === "added") return html`<ins class="diff-added">${shown(after)}</ins>`;
  if (kind === "removed") return html`<del class="diff-removed">${shown(before)}</del>`;
  if (typeof before === "string" && typeof after === "string") return html`<${InlineDiff} before=${before} after=${after} />`;
  return html`<del class="diff-removed">${shown(before)}</del> <ins class="diff-added">${shown(after)}</ins>`;
}

/** @param {any} value */
function shown(value) {
  if (typeof value === "string") return clipped(value) || "(empty text)";
  return clipped(JSON.stringify(value, null, 1) ?? "");
}

/** @param {{left: number, onMore: () => void}} props */
function More({ left, onMore }) {
  if (left <= 0) return null;
  return html`<p><button type="button" class="button" onClick=${onMore}>Show more, ${formatInteger(left)} left</button></p>`;
}
