/** What became of a file: counts, and the reason for every line that was left out. */
import { html } from "../vendor/preact.js";
import { formatInteger, plural } from "../lib/format.js";
import { saveText } from "../lib/save-text.js";

/** @param {{result: any, name: string}} props `result` is the answer of import-file */
export function ImportResult({ result, name }) {
  const { imported_count: imported, duplicate_count: repeated, error_count: refused, errors } = result;
  const save = () => saveText(errors.map((/** @type {any} */ each) => `${each.line}\t${each.error}`).join("\n"), `${name}.errors.txt`);
  return html`<div class="import-result">
    <p class=${imported ? "good" : ""}><b>${imported ? "✓ " : ""}${plural(imported, "row")} imported</b>${result.version ? html` <span class="muted">as version ${result.version}</span>` : ""}</p>
    ${repeated > 0 && html`<p class="muted">${plural(repeated, "row")} left out: the dataset has ${repeated === 1 ? "it" : "them"} already.</p>`}
    ${refused > 0 && html`<p class="bad">✗ ${plural(refused, "line")} could not be read.</p>
      <ul class="import-errors" tabindex="0" aria-label="Lines that could not be read">${errors.map((/** @type {any} */ each) => html`<li key=${each.line}><span class="mono">line ${formatInteger(each.line)}</span> ${each.error}</li>`)}</ul>
      <div><button type="button" class="button" onClick=${save}>Save the list</button></div>`}
  </div>`;
}
