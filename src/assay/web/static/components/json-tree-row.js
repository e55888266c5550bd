/** One row of a JSON tree: a name, a value, and what can be done with them. */
import { html, useState } from "../vendor/preact.js";
import { formatBytes, formatInteger, plural } from "../lib/format.js";
import { previewOf } from "../lib/preview.js";
import { STEP } from "../lib/tree-rows.js";
import { binaryOf, visibleText } from "../lib/visible.js";
import { BinaryChip, ValueText } from "./value-text.js";

/** @typedef {import("../lib/tree-rows.js").TreeRow} TreeRow */

const LONGEST_TEXT = 600;
const LONGEST_NAME = 200;
const DEEPEST_INDENT = 24;

/**
 * @param {{row: TreeRow, place: number, isCurrent: boolean, isMarked: boolean, actions: any}} props
 */
export function JsonTreeRow({ row, place, isCurrent, isMarked, actions }) {
  const [isHovered, setHovered] = useState(false);
  const name = visibleText(row.name.length > LONGEST_NAME ? `${row.name.slice(0, LONGEST_NAME)}…` : row.name);
  const style = { "--tree-level": Math.min(row.level - 1, DEEPEST_INDENT) };
  if (row.left) {
    return html`<div class="tree-row tree-more" role="treeitem" aria-level=${row.level} aria-selected=${isCurrent} data-place=${place} style=${style}
      tabindex=${isCurrent ? 0 : -1} onFocus=${() => actions.setCurrent(row.key)} onClick=${() => actions.toggle(row)}>
      Show ${Math.min(STEP, row.left)} more of ${formatInteger(row.left)}</div>`;
  }
  return html`<div class=${`tree-row ${isMarked ? "tree-marked" : ""}`} role="treeitem" aria-level=${row.level} aria-setsize=${row.count}
    aria-posinset=${row.place} aria-expanded=${row.isBranch ? row.isOpen : undefined} aria-selected=${isCurrent} data-place=${place} style=${style}
    tabindex=${isCurrent ? 0 : -1} onFocus=${(/** @type {any} */ event) => event.target === event.currentTarget && actions.setCurrent(row.key)}
    onMouseEnter=${() => setHovered(true)} onMouseLeave=${() => setHovered(false)}>
    <span class="tree-line" onClick=${() => actions.toggle(row)}>
      <span class="tree-arrow" aria-hidden="true">${row.isBranch ? (row.isOpen ? "▾" : "▸") : ""}</span>
      ${row.level > 1 && html`<span class="tree-name" dir="auto">${name}</span><span class="tree-colon">: </span>`}
      <${TreeValue} row=${row} />
    </span>
    ${(isHovered || isCurrent) && html`<${TreeActions} row=${row} isCurrent=${isCurrent} actions=${actions} />`}
  </div>`;
}

/** @param {{row: TreeRow, isCurrent: boolean, actions: any}} props */
function TreeActions({ row, isCurrent, actions }) {
  const isLeaf = typeof row.value !== "object" || row.value === null;
  const tabindex = isCurrent ? 0 : -1;
  /** @param {string} label @param {string} title @param {(row: TreeRow) => void} run */
  const button = (label, title, run) =>
    html`<button type="button" class="tree-action" tabindex=${tabindex} title=${title} onClick=${() => run(row)}>${label}</button>`;
  return html`<span class="tree-actions">
    ${row.path.length > 0 && button("Copy path", "Copy the path (c)", actions.copyPath)}
    ${button("Copy", "Copy the value", actions.copyValue)}
    ${isLeaf && actions.filter && row.path.length > 0 && button("Filter", "Filter by this value", actions.filter)}
    ${actions.column && row.path.length > 0 && button("Column", "Add as a column", actions.column)}
  </span>`;
}

/** @param {{row: TreeRow}} props */
function TreeValue({ row }) {
  const { value } = row;
  if (typeof value === "string") return html`<${TreeText} text=${value} />`;
  if (value === null || typeof value !== "object") {
    return html`<span class=${value === null ? "tree-null" : "tree-number"}>${String(value)}</span>`;
  }
  const count = Object.keys(value).length;
  const isList = Array.isArray(value);
  if (!count) return html`<span class="tree-null">${isList ? "[ ]" : "{ }"}</span>`;
  const size = isList ? plural(count, "item") : plural(count, "key");
  return html`<span class="tree-null">${isList ? "[" : "{"}${size}${isList ? "]" : "}"}</span>
    ${!row.isOpen && html` <span class="tree-preview" dir="auto">${previewOf(value, 100)}</span>`}`;
}

/** @param {{text: string}} props */
function TreeText({ text }) {
  const [isWhole, setWhole] = useState(false);
  const binary = binaryOf(text);
  const stop = (/** @type {Event} */ event) => event.stopPropagation();
  if (binary) return html`<span onClick=${stop}><${BinaryChip} binary=${binary} /></span>`;
  if (text.length <= LONGEST_TEXT) return html`<span class="tree-string" dir="auto">"${visibleText(text)}"</span>`;
  return html`<span class="tree-string" dir="auto" onClick=${stop}>
    ${isWhole ? html`<${ValueText} text=${text} isMono=${true} />` : html`"${visibleText(text.slice(0, LONGEST_TEXT))}…`}
    <button type="button" class="tree-action" onClick=${() => setWhole(!isWhole)}>${isWhole ? "Show less" : `Show all, ${formatBytes(text.length)}`}</button>
  </span>`;
}
