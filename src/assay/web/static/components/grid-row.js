/** One row of a grid. */
import { html } from "../vendor/preact.js";
import { memo } from "../lib/memo.js";

/**
 * @param {{row: any, index: number, top: number, id: string, columns: import("../lib/grid-columns.js").Column[],
 *   isCurrent: boolean, isSelected: boolean, hasBoxes: boolean, edited: string | null,
 *   renderEditor?: (row: any, column: import("../lib/grid-columns.js").Column) => any, look: string}} props `top` in
 *   pixels; `edited` is the id of the column that is being edited
 */
function Row({ row, index, top, id, columns, isCurrent, isSelected, hasBoxes, edited, renderEditor, look }) {
  const first = hasBoxes ? 2 : 1;
  return html`<div id=${id} role="row" class=${`grid-row ${isCurrent ? "grid-row-current" : ""} ${isSelected ? "grid-row-selected" : ""} ${look}`}
    aria-rowindex=${index + 2} aria-selected=${isSelected} data-index=${index} style=${{ transform: `translateY(${top}px)` }}>
    ${hasBoxes &&
    html`<div role="gridcell" class="grid-cell grid-cell-box" aria-colindex="1">
      <input type="checkbox" tabindex="-1" aria-label=${`Select row ${index + 1}`} checked=${isSelected} data-box />
    </div>`}
    ${columns.map((column, at) => {
      const isEdited = edited === column.id;
      return html`<div key=${column.id} role="gridcell" class=${cellLook(column, isEdited)} aria-colindex=${at + first}
        data-column=${column.id} style=${column.isPinned ? { left: `var(--grid-left-${at})` } : null}>
        ${isEdited ? renderEditor?.(row, column) : column.render(row, index)}
      </div>`;
    })}
  </div>`;
}

/** @param {import("../lib/grid-columns.js").Column} column @param {boolean} isEdited */
function cellLook(column, isEdited) {
  const names = ["grid-cell"];
  if (column.align === "end") names.push("grid-cell-end");
  if (column.isPinned) names.push("grid-pinned");
  if (column.isMono) names.push("mono");
  if (isEdited) names.push("grid-cell-edited");
  return names.join(" ");
}

export const GridRow = memo(Row);

/** The place of a row that is on its way. @param {{index: number, top: number}} props */
export function PendingRow({ index, top }) {
  return html`<div role="row" class="grid-row grid-row-pending" aria-rowindex=${index + 2} data-index=${index} style=${{ transform: `translateY(${top}px)` }}>
    <div role="gridcell" class="grid-cell"><span class="visually-hidden">Loading</span><span class="grid-pending" aria-hidden="true"></span></div>
  </div>`;
}
