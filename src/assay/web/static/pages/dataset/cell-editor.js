/** The editor in a cell: text as text, anything else as JSON; it saves when it is left. */
import { html, useEffect, useLayoutEffect, useRef, useState } from "../../vendor/preact.js";
import { isAbort, request } from "../../lib/api.js";
import { changeRow, contentOf, rowCall } from "../../lib/dataset-rows.js";
import { typedValue, valueAt, withValueAt } from "../../lib/json-path.js";
import { toast } from "../../lib/toast.js";

/** @param {any} value */
const written = (value) => (value === null || value === undefined ? "" : typeof value === "string" ? value : JSON.stringify(value, null, 1));

/**
 * @param {{datasetId: string, rowId: string, path: string, label: string, getRows: () => import("../../lib/rows.js").Rows,
 *   onLeave: (step: number) => void}} props
 */
export function CellEditor({ datasetId, rowId, path, label, getRows, onLeave }) {
  const [row, setRow] = useState(/** @type {any} */ (null));
  const [text, setText] = useState("");
  const [error, setError] = useState("");
  const area = useRef(/** @type {HTMLTextAreaElement | null} */ (null));
  const isDone = useRef(false);
  const opener = useRef(/** @type {Element | null} */ (null));
  useEffect(() => {
    opener.current ??= document.activeElement;
    const abort = new AbortController();
    const { path: address, params } = rowCall(datasetId, rowId);
    request("GET", address, { params, signal: abort.signal }).then(
      (found) => {
        setRow(found);
        setText(written(valueAt(found, path)));
      },
      (caught) => {
        if (isAbort(caught)) return;
        toast(caught.message, { kind: "bad" });
        onLeave(0);
      },
    );
    return () => abort.abort();
  }, []);
  useLayoutEffect(() => {
    if (!row) return;
    area.current?.focus({ preventScroll: true });
    area.current?.select();
  }, [row]);
  useLayoutEffect(() => {
    if (!area.current) return;
    area.current.style.height = "auto";
    area.current.style.height = `${Math.min(240, area.current.scrollHeight + 2)}px`;
  }, [text, row]);

  /** @param {number} step */
  const leave = (step) => {
    isDone.current = true;
    onLeave(step);
    const grid = /** @type {HTMLElement | null | undefined} */ (area.current?.closest("[role=grid]"));
    if (step === 0) grid?.focus({ preventScroll: true });
  };
  /** @param {number} step */
  const save = (step) => {
    if (!row || isDone.current) return;
    if (text === written(valueAt(row, path))) return leave(step);
    let after;
    try {
      after = contentOf(withValueAt(row, path, typedValue(text, valueAt(row, path))));
    } catch (caught) {
      setError(/** @type {Error} */ (caught).message);
      return;
    }
    leave(step);
    // Shown at once; a failure brings the former value back and says why. What was typed is not lost with a server that is away.
    const send = () =>
      changeRow(datasetId, row, after, getRows()).catch((caught) => {
        const isRefused = caught.status >= 400 && caught.status < 500;
        toast(`${label} was not saved. ${caught.message}`, { kind: "bad", action: isRefused ? undefined : { label: "Try again", run: send } });
      });
    void send();
  };
  /** @param {KeyboardEvent} event */
  const press = (event) => {
    event.stopPropagation();
    if (event.key === "Escape") leave(0);
    else if (event.key === "Enter" && !event.shiftKey && !event.isComposing) save(0);
    else if (event.key === "Tab") save(event.shiftKey ? -1 : 1);
    else return;
    event.preventDefault();
  };
  if (!row) return html`<span class="cell-loading muted">…</span>`;
  return html`<div class="cell-editor">
    <textarea ref=${area} rows="1" aria-label=${`Edit ${label}`} aria-invalid=${error ? true : undefined} value=${text} spellcheck=${false}
      onInput=${(/** @type {any} */ event) => (setText(event.target.value), setError(""))} onKeyDown=${press} onBlur=${() => save(0)}></textarea>
    <p class="cell-hint small">${error ? html`<span class="bad" role="alert">${error}</span>` : "Enter saves · Shift+Enter new line · Tab next cell · Esc leaves it"}</p>
  </div>`;
}
