/** A text of a stranger, whole or its beginning: never markup, never a frozen page. */
import { html, useEffect, useMemo, useState } from "../vendor/preact.js";
import { formatBytes } from "../lib/format.js";
import { saveText } from "../lib/save-text.js";
import { visibleText, withoutBinary } from "../lib/visible.js";

/** As many characters are shown before the reader asks for more. */
export const CUT = 262_144;
const BLOCK = 32_768;
const BLOCKS_A_STEP = 8;

/**
 * @param {{text: string, isMono?: boolean, cut?: number, downloadName?: string}} props
 */
export function ValueText({ text, isMono = false, cut = CUT, downloadName = "value.txt" }) {
  const [isWhole, setWhole] = useState(false);
  useEffect(() => setWhole(false), [text]);
  const pieces = useMemo(() => withoutBinary(text), [text]);
  const shown = isWhole ? Infinity : cut;
  let left = shown;
  const isCut = pieces.reduce((sum, piece) => sum + (typeof piece === "string" ? piece.length : 0), 0) > shown;
  const nodes = pieces.map((piece) => {
    if (typeof piece !== "string") return html`<${BinaryChip} binary=${piece} />`;
    const part = piece.slice(0, Math.max(0, left));
    left -= piece.length;
    return part && html`<${Blocks} text=${part} />`;
  });
  return html`<div class=${isMono ? "value-text value-text-mono" : "value-text"} dir="auto">
    ${nodes}
    ${isCut &&
    html`<${CutNotice} shown=${cut} text=${text} onAll=${() => setWhole(true)} downloadName=${downloadName} />`}
  </div>`;
}

/**
 * Says how much of a text is shown, and offers the rest.
 * @param {{shown: number, text: string, onAll: () => void, downloadName: string}} props
 */
function CutNotice({ shown, text, onAll, downloadName }) {
  return html`<p class="value-cut row row-wrap" dir="ltr">
    <span>The first ${formatBytes(shown)} of ${formatBytes(text.length)} are shown.</span>
    <button type="button" class="button" onClick=${onAll}>Load all</button>
    <button type="button" class="button" onClick=${() => saveText(text, downloadName)}>Download</button>
  </p>`;
}

/** Where a text is parted so that the browser may skip what is out of sight. @param {string} text */
function blocksOf(text) {
  const blocks = [];
  for (let from = 0; from < text.length; ) {
    let to = Math.min(text.length, from + BLOCK);
    const line = text.lastIndexOf("\n", to - 1);
    if (to < text.length && line > from) to = line + 1;
    // Never between the halves of a character.
    else if (to < text.length && /[\ud800-\udbff]/.test(text[to - 1])) to -= 1;
    blocks.push(text.slice(from, to));
    from = to;
  }
  return blocks;
}

/** A text in blocks, some a frame. @param {{text: string}} props */
function Blocks({ text }) {
  const blocks = useMemo(() => blocksOf(text), [text]);
  const [count, setCount] = useState(BLOCKS_A_STEP);
  useEffect(() => setCount(BLOCKS_A_STEP), [text]);
  useEffect(() => {
    if (count >= blocks.length) return undefined;
    const frame = requestAnimationFrame(() => setCount((last) => last + BLOCKS_A_STEP));
    return () => cancelAnimationFrame(frame);
  }, [count, blocks]);
  if (blocks.length === 1) return html`<${Line} text=${blocks[0]} />`;
  return blocks.slice(0, count).map((block, place) => html`<${Block} key=${place} text=${block} />`);
}

/** @param {{text: string}} props */
function Line({ text }) {
  return useMemo(() => visibleText(text), [text]);
}

/** @param {{text: string}} props */
function Block({ text }) {
  // The line break at the end is the block's own.
  const shown = useMemo(() => visibleText(text.endsWith("\n") ? text.slice(0, -1) : text), [text]);
  return html`<div class="value-block">${shown || "\u00a0"}</div>`;
}

/**
 * What base64 holds, named; an image is opened by a click.
 * @param {{binary: import("../lib/visible.js").Binary}} props
 */
export function BinaryChip({ binary }) {
  const [isOpen, setOpen] = useState(false);
  const name = `${binary.kind}, ${formatBytes(binary.bytes)}`;
  if (!binary.url) return html`<span class="chip" title=${binary.type}>${name}</span>`;
  return html`<span class="value-binary">
    <button type="button" class="chip chip-accent value-chip" aria-expanded=${isOpen} title=${binary.type}
      onClick=${() => setOpen(!isOpen)}>${name}</button>
    ${isOpen && html`<img class="value-image" src=${binary.url} alt=${`${binary.type}, ${formatBytes(binary.bytes)}`} />`}
  </span>`;
}
