/** The table behind a chart, with the chart in a sentence and its scale to choose. */
import { html, useId } from "../vendor/preact.js";

/**
 * @param {{label: string, sentence: string, columns: string[], rows: Array<Array<string | number>>,
 *   scale?: "sqrt" | "linear", onScale?: (scale: "sqrt" | "linear") => void}} props
 */
export function ChartTable({ label, sentence, columns, rows, scale, onScale }) {
  const id = `table${useId()}`;
  return html`<span class="chart-table">
    <button type="button" class="chart-table-open" popovertarget=${id} aria-label=${`${label} as a table`} title="As a table">
      <svg viewBox="0 0 12 12" aria-hidden="true"><path d="M1 2h10M1 6h10M1 10h10" /></svg>
    </button>
    <div id=${id} popover="auto" class="chart-table-sheet" role="dialog" aria-label=${label}>
      <p>${sentence}</p>
      ${onScale && html`<fieldset class="chart-table-scale"><legend class="visually-hidden">Height of the bars</legend>
        ${/** @type {const} */ ([["sqrt", "√ scale"], ["linear", "Linear"]]).map(
          ([name, text]) => html`<label key=${name}><input type="radio" name=${`${id}-scale`} checked=${scale === name}
            onChange=${() => onScale(name)} /> ${text}</label>`)}
      </fieldset>`}
      <div class="chart-table-rows" tabindex="0" role="region" aria-label=${`Rows of ${label}`}>
        <table><thead><tr>${columns.map((name) => html`<th scope="col" key=${name}>${name}</th>`)}</tr></thead>
          <tbody>${rows.map((row, index) => html`<tr key=${index}>${row.map((cell, place) =>
            place === 0 ? html`<th scope="row">${cell}</th>` : html`<td>${cell}</td>`)}</tr>`)}</tbody></table>
      </div>
    </div>
  </span>`;
}
