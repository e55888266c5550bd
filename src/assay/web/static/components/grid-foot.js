/** The line under a grid: how many rows there are, and which keys act on them. */
import { html } from "../vendor/preact.js";
import { plural } from "../lib/format.js";
import { Key } from "../lib/keys.js";

/** "12,431 rows", "12,000+ rows" while they are still counted. @param {{total: number | null, isExact: boolean}} rows @param {string} noun */
export function countText(rows, noun = "row") {
  if (rows.total === null) return "";
  if (rows.isExact) return plural(rows.total, noun);
  const [number, ...words] = plural(rows.total, noun, `${noun}s`).split(" ");
  return `${number}+ ${rows.total === 1 ? `${noun}s` : words.join(" ")}`;
}

/**
 * @param {{rows: import("../lib/rows.js").Rows, noun?: string, hints?: Array<[string, string]>, children?: any}} props
 *   `hints` are ids of the keyboard map with their words
 */
export function GridFoot({ rows, noun = "row", hints = [["row.next", ""], ["row.previous", "move"], ["row.open", "open"], ["row.select", "select"], ["filter", "filter"], ["help", "all keys"]], children }) {
  return html`<footer class="grid-foot muted small">
    <span role="status" class="grid-count">${countText(rows, noun)}</span>
    ${children}
    <span class="grow"></span>
    <span class="grid-hints">${hints.map(([id, words]) => html`<span key=${id} class="grid-hint"><${Key} id=${id} />${words && ` ${words}`}</span>`)}</span>
  </footer>`;
}
