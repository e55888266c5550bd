/** Writes a list to a file while it says how far it is. */
import { html, useEffect, useRef, useState } from "../vendor/preact.js";
import { isAbort } from "../lib/api.js";
import { MOST_ROWS, allRows, asCsv, asJsonl, saveBlob } from "../lib/export-rows.js";
import { formatInteger, plural } from "../lib/format.js";
import { toast } from "../lib/toast.js";
import { Dialog } from "./dialog.js";
import { Problem } from "./problem.js";
import { Progress } from "./progress.js";

/** @param {{format: "csv" | "jsonl", call: import("../lib/api.js").Call, name: string, noun: string, total: number | null, hasCursor: boolean, onClose: () => void}} props */
export function ExportDialog({ format, call, name, noun, total, hasCursor, onClose }) {
  const [progress, setProgress] = useState({ count: 0, total });
  const [error, setError] = useState(/** @type {any} */ (null));
  const [turn, setTurn] = useState(0);
  const close = useRef(onClose);
  close.current = onClose;
  useEffect(() => {
    const abort = new AbortController();
    setError(null);
    allRows(call, { hasCursor, signal: abort.signal, onProgress: (count, known) => setProgress((last) => ({ count, total: known ?? last.total })) }).then(
      ({ rows, isAll }) => {
        saveBlob(format === "csv" ? asCsv(rows) : asJsonl(rows), `${name}.${format}`);
        toast(isAll ? `Wrote ${plural(rows.length, noun)} to ${name}.${format}.` : `Wrote the first ${plural(rows.length, noun)}; there are more.`, { kind: isAll ? "good" : "info", seconds: 10 });
        close.current();
      },
      (caught) => isAbort(caught) || setError(caught),
    );
    return () => abort.abort();
  }, [turn]);
  const end = progress.total === null ? null : Math.min(progress.total, MOST_ROWS);
  const isCut = progress.total !== null && progress.total > MOST_ROWS;
  return html`<${Dialog} title=${`Export ${format.toUpperCase()}`} size="small" onClose=${onClose} call=${call}
    footer=${html`<button type="button" class="button" onClick=${onClose}>Cancel</button>`}>
    ${error
      ? html`<${Problem} error=${error} retry=${() => setTurn(turn + 1)} isInline />`
      : html`<div class="export-progress">
          <p role="status">${formatInteger(progress.count)}${end === null ? "" : ` of ${formatInteger(end)}`} ${noun}s</p>
          <${Progress} done=${progress.count} total=${end} label="Export" />
        </div>`}
    <p class="muted">${isCut
      ? `${plural(progress.total ?? 0, noun)} match; the browser writes the first ${formatInteger(MOST_ROWS)}. For all of them use the API call below, page by page.`
      : `The browser writes at most ${formatInteger(MOST_ROWS)} ${noun}s.`}</p>
  </${Dialog}>`;
}
