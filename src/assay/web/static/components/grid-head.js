/** The head of a grid: names that sort, edges that resize. */
import { html } from "../vendor/preact.js";
import { GridResizer } from "./grid-resizer.js";

/** @typedef {import("../lib/grid-columns.js").Column} Column */

/**
 * @param {{columns: Column[], sort?: string, onSort?: (sort: string) => void, hasBoxes: boolean, isAll: boolean,
 *   isSome: boolean, onAll: () => void, widths: Record<string, number>,
 *   onWidth: (id: string, width: number | null, isFinal: boolean) => void}} props `sort` is a column's id, with "-"
 *   before it for the largest first
 */
export function GridHead({ columns, sort = "", onSort, hasBoxes, isAll, isSome, onAll, widths, onWidth }) {
  const first = hasBoxes ? 2 : 1;
  return html`<div role="rowgroup" class="grid-head"><div role="row" class="grid-head-row" aria-rowindex="1">
    ${hasBoxes &&
    html`<div role="columnheader" class="grid-cell grid-cell-box" aria-colindex="1">
      <input type="checkbox" aria-label="Select all that match" checked=${isAll} indeterminate=${isSome && !isAll} onClick=${onAll} />
    </div>`}
    ${columns.map((column, at) => {
      const direction = sort === column.id ? "ascending" : sort === `-${column.id}` ? "descending" : null;
      return html`<div key=${column.id} role="columnheader" aria-colindex=${at + first} title=${column.title}
        aria-sort=${column.isSortable ? (direction ?? "none") : undefined}
        class=${`grid-cell ${column.align === "end" ? "grid-cell-end" : ""} ${column.isPinned ? "grid-pinned" : ""}`}
        style=${column.isPinned ? { left: `var(--grid-left-${at})` } : null}>
        ${column.isSortable && onSort
          ? html`<button type="button" class="grid-sort" onClick=${() => onSort(nextSort(column.id, direction))}>
              <span class="cut">${column.label}</span><span class="grid-sort-mark" aria-hidden="true">${direction === "ascending" ? "↑" : direction ? "↓" : ""}</span>
            </button>`
          : html`<span class="cut">${column.label || html`<span class="visually-hidden">${column.name}</span>`}</span>`}
        <${GridResizer} column=${column} widths=${widths} onWidth=${onWidth} />
      </div>`;
    })}
  </div></div>`;
}

/** Up, down, as it was. @param {string} id @param {"ascending" | "descending" | null} direction */
function nextSort(id, direction) {
  if (direction === null) return id;
  return direction === "ascending" ? `-${id}` : "";
}
