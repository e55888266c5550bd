/** A table of any number of rows of one height, of which only those in view are drawn. */
import { html, useCallback, useEffect, useId, useLayoutEffect } from "../vendor/preact.js";
import { columnStyle, useColumnStyle, useWidths } from "../lib/grid-columns.js";
import { idsBetween, useGridKeys } from "../lib/grid-keys.js";
import { useGridView } from "../lib/grid-view.js";
import { EVERYTHING, isNothing, isSelected, NOTHING, toggled, withIds } from "../lib/selection.js";
import { rowHeight as rowHeightNow } from "../lib/theme.js";
import { GridHead } from "./grid-head.js";
import { GridRow, PendingRow } from "./grid-row.js";
import { GridState } from "./grid-state.js";

/** @typedef {import("../lib/grid-columns.js").Column} Column */
/**
 * @typedef {{
 *   label: string, rows: import("../lib/rows.js").Rows, columns: Column[], getId?: (row: any) => string,
 *   current?: string | null, onCurrent?: (id: string) => void, onOpen?: (id: string) => void,
 *   selection?: import("../lib/selection.js").Selection, onSelection?: (selection: import("../lib/selection.js").Selection) => void,
 *   sort?: string, onSort?: (sort: string) => void, empty?: any, footer?: any, rowHeight?: number,
 *   widths?: Record<string, number>, onWidth?: (id: string, width: number | null) => void,
 *   edited?: {id: string, column: string} | null, onEdit?: (id: string, column: string | null) => void,
 *   renderEditor?: (row: any, column: Column) => any, lookOf?: (row: any) => string,
 *   linkOf?: (row: any) => string, copyOf?: (row: any) => any, isActive?: boolean,
 * }} GridProps `columns` should be the same array as long as they are the same; without `onWidth` the widths are
 *   remembered by the label; `edited` is the cell that `renderEditor` draws; `lookOf` gives a row a class
 */

const idOf = (/** @type {any} */ row) => String(row.id);

/** @param {GridProps} props */
export function VirtualGrid(props) {
  const { label, rows, columns, getId = idOf, current = null, onCurrent, onOpen, selection = NOTHING, onSelection } = props;
  const { edited = null, onEdit, renderEditor, lookOf } = props;
  const id = useId();
  const rowHeight = props.rowHeight ?? rowHeightNow();
  const hasBoxes = Boolean(onSelection);
  const total = rows.total ?? 0;
  const view = useGridView({ key: rows.key, count: total, rowHeight, headHeight: rowHeightNow() });
  const { scroller, drawn, inView, base } = view;
  const [own, setOwn] = useWidths(label);
  const widths = props.widths ?? own;
  const setWidth = props.onWidth ?? setOwn;
  const style = useColumnStyle(columns, widths, hasBoxes);
  const { anchor, openAt } = useGridKeys({ ...props, getId }, view);

  useEffect(() => rows.want(inView.first, inView.last), [rows, inView.first, inView.last]);
  const index = current === null ? -1 : rows.indexOf(current);
  useLayoutEffect(() => view.scrollTo(index), [current]);

  const resize = useCallback((/** @type {string} */ column, /** @type {number | null} */ width, /** @type {boolean} */ isFinal) => {
    if (isFinal) setWidth(column, width);
    // While it is dragged only the custom properties change: no row is drawn anew.
    else for (const [name, value] of Object.entries(columnStyle(columns, { ...widths, [column]: /** @type {number} */ (width) }, hasBoxes))) scroller.current?.style.setProperty(name, value);
  }, [columns, widths, hasBoxes, setWidth]);

  /** @param {any} event */
  const click = (event) => {
    const found = placeOf(event);
    if (!found) return;
    const row = rows.at(found.index);
    if (!row) {
      openAt(found.index);
      return;
    }
    const rowId = getId(row);
    if (event.target.matches("[data-box]")) {
      onSelection?.(event.shiftKey && anchor.current ? withIds(selection, idsBetween(rows, getId, anchor.current, rowId)) : toggled(selection, rowId, rows.ids));
      anchor.current = rowId;
      return;
    }
    if (event.target.closest("a, button, input, textarea, select, .cm-editor") || String(getSelection())) return;
    onCurrent?.(rowId);
    // The first click of a double click, which edits, must not bring a panel under the pointer.
    if (event.detail < 2) onOpen?.(rowId);
  };
  /** @param {any} event */
  const doubleClick = (event) => {
    const found = placeOf(event);
    const column = columns.find((each) => each.id === found?.column);
    const row = found && rows.at(found.index);
    if (!row || !column?.isEditable || !onEdit || event.target.closest("a, button, input, textarea")) return;
    getSelection()?.removeAllRanges();
    onEdit(getId(row), column.id);
  };

  const drawnRows = [];
  for (let at = drawn.first; at <= drawn.last; at += 1) {
    const row = rows.at(at);
    const top = (at - base.index) * rowHeight;
    const rowId = row && getId(row);
    drawnRows.push(row
      ? html`<${GridRow} key=${rowId} id=${`${id}-${at}`} row=${row} index=${at} top=${top} columns=${columns} isCurrent=${rowId === current}
          isSelected=${isSelected(selection, rowId)} hasBoxes=${hasBoxes} edited=${edited?.id === rowId ? edited?.column : null}
          renderEditor=${edited?.id === rowId ? renderEditor : undefined} look=${lookOf?.(row) ?? ""} />`
      : html`<${PendingRow} key=${`pending-${at}`} index=${at} top=${top} />`);
  }
  const isDrawn = index >= drawn.first && index <= drawn.last;
  return html`<div class="grid">
    <div ref=${scroller} class=${`grid-scroll ${rows.isStale ? "grid-stale" : ""}`} role="grid" tabindex="0" aria-label=${label}
      aria-rowcount=${rows.isExact ? total + 1 : -1} aria-colcount=${columns.length + (hasBoxes ? 1 : 0)} aria-busy=${rows.isLoading}
      aria-multiselectable=${hasBoxes || undefined} aria-activedescendant=${isDrawn ? `${id}-${index}` : undefined}
      style=${{ ...style, "--grid-row": `${rowHeight}px` }}>
      <${GridHead} columns=${columns} sort=${props.sort} onSort=${props.onSort} hasBoxes=${hasBoxes} isAll=${selection.isAll} isSome=${!isNothing(selection)}
        onAll=${() => onSelection?.(isNothing(selection) ? EVERYTHING : NOTHING)} widths=${widths} onWidth=${resize} />
      <div role="rowgroup" class="grid-body" style=${{ height: `${view.map.height}px` }} onClick=${click} onDblClick=${doubleClick}>
        <div role="presentation" class="grid-rows" style=${{ transform: `translateY(${base.top}px)` }}>${drawnRows}</div>
      </div>
    </div>
    <${GridState} rows=${rows} empty=${props.empty} rowHeight=${rowHeight} />
    ${props.footer}
  </div>`;
}

/** Which cell an event means. @param {any} event */
function placeOf(event) {
  // A row that came while the button was down makes the body the target of the click.
  const row = event.target.closest("[data-index]") ?? document.elementFromPoint(event.clientX, event.clientY)?.closest("[data-index]");
  return row ? { index: Number(row.dataset.index), column: event.target.closest("[data-column]")?.dataset.column ?? null } : null;
}
