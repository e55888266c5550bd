/** Editing a cell of the table in place. */
import { html, useCallback, useRef, useState } from "../../vendor/preact.js";
import { LazyPart } from "../../components/lazy-part.js";

const loadEditor = () => import("./cell-editor.js").then((module) => module.CellEditor);

/**
 * @param {{datasetId: string, rows: import("../../lib/rows.js").Rows, columns: import("../../lib/grid-columns.js").Column[],
 *   isReadOnly: boolean}} about
 * @returns {Pick<import("../../components/virtual-grid.js").GridProps, "edited" | "onEdit" | "renderEditor">} for the grid
 */
export function useCellEdit({ datasetId, rows, columns, isReadOnly }) {
  const [edited, setEdited] = useState(/** @type {{id: string, column: string} | null} */ (null));
  const last = useRef("");
  const editable = columns.filter((column) => column.isEditable).map((column) => column.id);
  const latest = useRef({ rows, editable });
  latest.current = { rows, editable };
  const edit = (/** @type {string} */ id, /** @type {string | null} */ column) => {
    // The key names no column: the one that was edited before, or the first that can be.
    const chosen = column ?? (editable.includes(last.current) ? last.current : editable[0]);
    if (!chosen) return;
    last.current = chosen;
    setEdited({ id, column: chosen });
  };
  const renderEditor = useCallback(
    (/** @type {any} */ row, /** @type {import("../../lib/grid-columns.js").Column} */ column) => {
      /** @param {number} step 0 ends, else the next or the former cell of the row */
      const leave = (step) => {
        const { editable: ids } = latest.current;
        const next = step ? ids[ids.indexOf(column.id) + step] : undefined;
        if (next) last.current = next;
        setEdited(next ? { id: row.id, column: next } : null);
      };
      return html`<${LazyPart} key=${column.id} load=${loadEditor} datasetId=${datasetId} rowId=${row.id}
        path=${column.id} label=${column.name ?? column.label} getRows=${() => latest.current.rows} onLeave=${leave} onClose=${() => leave(0)} />`;
    },
    [datasetId],
  );
  return isReadOnly ? { edited: null } : { edited, onEdit: edit, renderEditor };
}
