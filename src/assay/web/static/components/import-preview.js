/** The first rows of a file as they will be stored, and the lines that cannot be. */
import { html } from "../vendor/preact.js";
import { rowOf } from "../lib/import-mapping.js";
import { plural } from "../lib/format.js";
import { previewOf } from "../lib/preview.js";

const SHOWN = 5;
const FIELDS = ["input", "output", "expected_output", "metadata"];
const HEADS = ["Input", "Output", "Expected output", "Metadata"];

/** @param {any} value @param {string} field */
const shown = (value, field) => (value === undefined ? "" : field === "metadata" || typeof value === "object" ? JSON.stringify(value).slice(0, 300) : previewOf(value, 300));

/** @param {{records: import("../lib/import-file.js").HeadRecord[], columns: import("../lib/import-mapping.js").Column[]}} props */
export function ImportPreview({ records, columns }) {
  const read = records.map((record) => (record.problem ? { ...record, row: null } : { line: record.line, ...rowOf(record.value, columns) }));
  const good = read.filter((each) => !each.problem);
  const bad = read.filter((each) => each.problem);
  return html`<section class="import-preview" aria-label="Preview">
    <h3>As it will be stored <span class="muted">the first ${plural(Math.min(SHOWN, good.length), "row")}</span></h3>
    <div class="import-scroll" tabindex="0" role="region" aria-label="Rows as they will be stored"><table class="import-table">
      <thead><tr><th scope="col">Line</th>${HEADS.map((head) => html`<th key=${head} scope="col">${head}</th>`)}</tr></thead>
      <tbody>${good.slice(0, SHOWN).map(({ line, row }) => html`<tr key=${line}><td class="muted">${line}</td>
        ${FIELDS.map((field) => html`<td key=${field}><div class="import-cell">${shown(row?.[field], field)}</div></td>`)}</tr>`)}</tbody>
    </table></div>
    ${bad.length > 0 && html`<div class="import-bad" role="status"><p class="bad">✗ ${plural(bad.length, "line")} of the first ${records.length} cannot be read and will be left out:</p>
      <ul>${bad.slice(0, SHOWN).map(({ line, problem }) => html`<li key=${line}><span class="mono">line ${line}</span> ${problem}</li>`)}</ul></div>`}
  </section>`;
}
