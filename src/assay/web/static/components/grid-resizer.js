/** The edge of a column, which makes it wider or narrower: by dragging, by arrow keys, and back by a double click. */
import { html, useRef } from "../vendor/preact.js";
import { boundedWidth, LEAST_WIDTH, widthOf } from "../lib/grid-columns.js";

const STEP = 16;

/**
 * @param {{column: import("../lib/grid-columns.js").Column, widths: Record<string, number>,
 *   onWidth: (id: string, width: number | null, isFinal: boolean) => void}} props
 */
export function GridResizer({ column, widths, onWidth }) {
  const begun = useRef(/** @type {{x: number, width: number, last: number} | null} */ (null));
  const width = Math.round(widthOf(column, widths));
  const name = column.name ?? (typeof column.label === "string" ? column.label : column.id);
  /** @param {PointerEvent} event */
  const begin = (event) => {
    if (event.button !== 0) return;
    event.preventDefault();
    const edge = /** @type {HTMLElement} */ (event.currentTarget);
    edge.setPointerCapture(event.pointerId);
    const now = edge.parentElement?.getBoundingClientRect().width ?? width;
    begun.current = { x: event.clientX, width: now, last: now };
  };
  /** @param {PointerEvent} event */
  const drag = (event) => {
    if (!begun.current) return;
    begun.current.last = boundedWidth(column, begun.current.width + event.clientX - begun.current.x);
    onWidth(column.id, begun.current.last, false);
  };
  const end = () => {
    if (begun.current && begun.current.last !== begun.current.width) onWidth(column.id, begun.current.last, true);
    begun.current = null;
  };
  /** @param {KeyboardEvent} event */
  const press = (event) => {
    const step = { ArrowRight: STEP, ArrowLeft: -STEP }[event.key];
    if (step === undefined) return;
    event.preventDefault();
    event.stopPropagation();
    const now = /** @type {HTMLElement} */ (event.currentTarget).parentElement?.getBoundingClientRect().width ?? width;
    onWidth(column.id, boundedWidth(column, now + step * (event.shiftKey ? 4 : 1)), true);
  };
  return html`<div class="grid-resizer" role="separator" tabindex="0" aria-orientation="vertical" aria-label=${`Width of ${name}`}
    aria-valuenow=${width} aria-valuemin=${column.minWidth ?? LEAST_WIDTH} aria-valuemax="2000" onPointerDown=${begin} onPointerMove=${drag}
    onPointerUp=${end} onPointerCancel=${end} onKeyDown=${press} onDblClick=${() => onWidth(column.id, null, true)}></div>`;
}
