/** Where a file is dropped or chosen. */
import { html, useRef, useState } from "../vendor/preact.js";

/** @param {{onFile: (file: File) => void, error: string}} props */
export function ImportDrop({ onFile, error }) {
  const input = useRef(/** @type {HTMLInputElement | null} */ (null));
  const [isOver, setIsOver] = useState(false);
  const take = (/** @type {FileList | null | undefined} */ files) => files?.[0] && onFile(files[0]);
  return html`<div class=${`import-drop ${isOver ? "import-drop-over" : ""}`}
    onDragOver=${(/** @type {DragEvent} */ event) => (event.preventDefault(), setIsOver(true))}
    onDragLeave=${() => setIsOver(false)}
    onDrop=${(/** @type {DragEvent} */ event) => (event.preventDefault(), setIsOver(false), take(event.dataTransfer?.files))}>
    <p><b>Drop a file here</b></p>
    <p class="muted">JSONL, JSON or CSV, of any size. Nothing is sent before you say so.</p>
    <button type="button" class="button" onClick=${() => input.current?.click()}>Choose a file</button>
    <input ref=${input} class="visually-hidden" type="file" tabindex="-1" aria-label="File of rows" accept=".jsonl,.ndjson,.json,.csv,.tsv,.txt,application/json,text/csv"
      onChange=${(/** @type {any} */ event) => take(event.target.files)} />
    ${error && html`<p class="bad" role="alert">${error}</p>`}
  </div>`;
}
