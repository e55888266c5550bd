/** A forest plot: estimates with their intervals below each other on one scale, as a table. */
import { html } from "../vendor/preact.js";
import { Interval } from "./interval.js";

/**
 * @typedef {{id: string, label: any, estimate: number | null, lower: number | null, upper: number | null,
 *   tone?: "good" | "bad" | "none", run?: string, cells?: any[], onOpen?: () => void, title?: string}} ForestRow
 */

/**
 * `columns` names the `cells` after the plot. `zero` draws the line that intervals are compared with.
 * @param {{rows: ForestRow[], label: string, name?: string, zero?: number | null, minimum?: number, maximum?: number,
 *   format?: (value: number) => string, columns?: string[]}} props
 */
export function Forest({ rows, label, name = "", zero = null, minimum, maximum, format = (value) => value.toFixed(3), columns = [] }) {
  const ends = rows.flatMap((row) => [row.lower, row.upper, row.estimate]).filter((value) => value !== null);
  if (zero !== null) ends.push(zero);
  const low = minimum ?? Math.min(...ends, Infinity);
  const high = maximum ?? Math.max(...ends, -Infinity);
  const edge = ends.length ? (high - low || Math.abs(high) || 1) * 0.05 : 1;
  const scale = { minimum: minimum ?? low - edge, maximum: maximum ?? high + edge };
  return html`<table class="forest"><caption class="visually-hidden">${label}</caption>
    <thead><tr><th scope="col">${name}</th><th scope="col" class="forest-number">estimate</th>
      <th scope="col" class="forest-plot"><span class="forest-ends"><span>${ends.length ? format(low) : ""}</span><span>95 % interval</span><span>${ends.length ? format(high) : ""}</span></span></th>
      ${columns.map((column) => html`<th scope="col" key=${column}>${column}</th>`)}</tr></thead>
    <tbody>${rows.map((row) => html`<tr key=${row.id} class=${`forest-row forest-${row.tone ?? "none"}`} title=${row.title}>
      <th scope="row">${row.onOpen
        ? html`<button type="button" class="forest-open" onClick=${row.onOpen}>${row.label}</button>`
        : row.label}</th>
      <td class="forest-number">${row.estimate === null ? "–" : format(row.estimate)}</td>
      <td class="forest-plot"><${Interval} estimate=${row.estimate} lower=${row.lower} upper=${row.upper} ...${scale} zero=${zero}
        label=${typeof row.label === "string" ? row.label : label} format=${format} tone=${row.tone} run=${row.run} /></td>
      ${(row.cells ?? []).map((cell, index) => html`<td key=${index}>${cell}</td>`)}
    </tr>`)}</tbody></table>`;
}
