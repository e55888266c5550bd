/** The pass mark of a histogram: a line to drag, or to move by arrow keys. */
import { html, useRef } from "../vendor/preact.js";

/**
 * @param {{plot: {current: HTMLElement | null}, minimum: number, maximum: number, mark: number, label: string,
 *   write: (value: number) => string, onMark?: (value: number, isFinal: boolean) => void}} props
 */
export function HistogramMark({ plot, minimum, maximum, mark, label, write, onMark }) {
  const isHeld = useRef(false);
  const latest = useRef(mark);
  latest.current = mark;
  const size = maximum - minimum || 1;
  const left = Math.min(100, Math.max(0, (100 * (mark - minimum)) / size));
  const step = size / 100;
  const place = { left: `${left}%` };
  if (!onMark) return html`<div class="histogram-mark" style=${place} title=${`${label}: ${write(mark)}`}></div>`;
  /** @param {number} value @param {boolean} isFinal */
  const move = (value, isFinal) => {
    const digits = Math.max(0, Math.ceil(-Math.log10(step)));
    latest.current = Number(Math.min(maximum, Math.max(minimum, value)).toFixed(Math.min(12, digits)));
    onMark(latest.current, isFinal);
  };
  /** @param {PointerEvent} event */
  const valueAt = (event) => {
    const box = /** @type {HTMLElement} */ (plot.current).getBoundingClientRect();
    return minimum + ((event.clientX - box.left) / box.width) * size;
  };
  /** @param {KeyboardEvent} event */
  const onKeyDown = (event) => {
    const steps = { ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1, PageDown: -10, PageUp: 10 }[event.key];
    if (steps === undefined && event.key !== "Home" && event.key !== "End") return;
    event.preventDefault();
    move(steps === undefined ? (event.key === "Home" ? minimum : maximum) : latest.current + steps * step, true);
  };
  return html`<div class="histogram-mark histogram-mark-live" style=${place} role="slider" tabindex="0" aria-label=${label}
    aria-orientation="horizontal" aria-valuemin=${minimum} aria-valuemax=${maximum} aria-valuenow=${mark}
    aria-valuetext=${write(mark)} title=${`${label}: ${write(mark)}. Drag to see another pass rate.`} onKeyDown=${onKeyDown}
    onPointerDown=${(/** @type {PointerEvent} */ event) => {
      isHeld.current = true;
      /** @type {HTMLElement} */ (event.currentTarget).setPointerCapture(event.pointerId);
    }}
    onPointerMove=${(/** @type {PointerEvent} */ event) => isHeld.current && event.buttons && move(valueAt(event), false)}
    onPointerUp=${() => {
      if (isHeld.current) onMark(latest.current, true);
      isHeld.current = false;
    }}></div>`;
}
