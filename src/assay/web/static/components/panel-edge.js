/** The edge of a side panel: drag it, or move it by arrow keys. */
import { html, useRef } from "../vendor/preact.js";

const LEAST = 0.24;
const MOST = 0.76;
const STEP = 0.02;

/** @param {{share: import("../vendor/preact.js").Signal<number>, label: string}} props `share` of the width that the panel takes */
export function PanelEdge({ share, label }) {
  const isDragged = useRef(false);
  const set = (/** @type {number} */ value) => (share.value = Math.round(Math.max(LEAST, Math.min(MOST, value)) * 1000) / 1000);
  /** @param {PointerEvent} event */
  const begin = (event) => {
    if (event.button !== 0) return;
    event.preventDefault();
    /** @type {HTMLElement} */ (event.currentTarget).setPointerCapture(event.pointerId);
    isDragged.current = true;
  };
  /** @param {PointerEvent} event */
  const drag = (event) => {
    const whole = /** @type {HTMLElement} */ (event.currentTarget).closest(".panel-split")?.getBoundingClientRect();
    if (isDragged.current && whole) set((whole.right - event.clientX) / whole.width);
  };
  const end = () => (isDragged.current = false);
  /** @param {KeyboardEvent} event */
  const press = (event) => {
    const step = { ArrowLeft: STEP, ArrowRight: -STEP }[event.key];
    if (step === undefined) return;
    event.preventDefault();
    set(share.peek() + step);
  };
  return html`<div class="panel-edge" role="separator" tabindex="0" aria-orientation="vertical" aria-label=${`Width of the ${label.toLowerCase()} panel`}
    aria-valuenow=${Math.round(share.value * 100)} aria-valuemin=${LEAST * 100} aria-valuemax=${MOST * 100}
    onPointerDown=${begin} onPointerMove=${drag} onPointerUp=${end} onPointerCancel=${end} onKeyDown=${press} onDblClick=${() => set(0.38)}></div>`;
}
