/** A confusion matrix with its numbers in the cells; what agrees lies on the diagonal. */
import { html } from "../vendor/preact.js";
import { formatInteger } from "../lib/format.js";

/**
 * `counts` is by row (`rowName`), then by column.
 * @param {{categories: string[], counts: number[][], rowName: string, columnName: string,
 *   onCell?: (row: string, column: string) => void}} props
 */
export function ConfusionMatrix({ categories, counts, rowName, columnName, onCell }) {
  const highest = Math.max(1, ...counts.flat());
  return html`<div class="confusion-frame" tabindex="0" role="region" aria-label=${`${rowName} by ${columnName}`}>
    <table class="confusion"><caption>${rowName} down, ${columnName} across</caption>
    <thead><tr><td></td>${categories.map((name) => html`<th scope="col" key=${name} title=${name}>${name}</th>`)}</tr></thead>
    <tbody>${categories.map((name, row) => html`<tr key=${name}><th scope="row" title=${name}>${name}</th>
      ${categories.map((other, column) => {
        const count = counts[row]?.[column] ?? 0;
        const look = { class: row === column ? "confusion-agreed" : "confusion-differs", style: { "--share": `${Math.round((30 * count) / highest)}%` } };
        return html`<td key=${other} ...${look}>${onCell && count
          ? html`<button type="button" onClick=${() => onCell(name, other)} aria-label=${`${rowName} ${name}, ${columnName} ${other}: ${count}`}>${formatInteger(count)}</button>`
          : formatInteger(count)}</td>`;
      })}</tr>`)}</tbody></table>
  </div>`;
}
