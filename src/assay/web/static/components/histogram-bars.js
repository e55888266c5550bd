/** The bars of a histogram, each a button when it can be clicked: arrow keys move, Shift+arrows take a range. */
import { html, useRef, useState } from "../vendor/preact.js";
import { formatInteger } from "../lib/format.js";
import { failingShare } from "../lib/histogram.js";

/** @typedef {import("../lib/histogram.js").Bin} Bin */

/**
 * @param {{bins: Bin[], sentence: string | null, scale: "sqrt" | "linear", mark: number | null,
 *   fails: "below" | "above" | null, isChosen: ((bin: Bin) => boolean) | null, write: (value: number) => string,
 *   noun: string, onPick: ((first: number, last: number) => void) | null,
 *   onDrag: (range: [number, number] | null) => void}} props
 */
export function HistogramBars({ bins, sentence, scale, mark, fails, isChosen, write, noun, onPick, onDrag }) {
  const [focused, setFocused] = useState(0);
  const range = useRef(/** @type {[number, number] | null} */ (null));
  const svg = useRef(/** @type {SVGSVGElement | null} */ (null));
  const bend = scale === "sqrt" ? Math.sqrt : (/** @type {number} */ count) => count;
  const highest = bend(Math.max(...bins.map((bin) => bin.count), 1));
  const last = bins.length - 1;
  /** @param {[number, number] | null} next */
  const take = (next) => {
    range.current = next;
    onDrag(next);
  };
  /** @param {PointerEvent} event */
  const indexAt = (event) => {
    const box = /** @type {SVGSVGElement} */ (svg.current).getBoundingClientRect();
    return Math.min(last, Math.max(0, Math.floor(((event.clientX - box.left) / box.width) * bins.length)));
  };
  const drop = () => {
    const [first, end] = range.current ?? [focused, focused];
    take(null);
    onPick?.(first, end);
  };
  /** @param {KeyboardEvent} event */
  const onKeyDown = (event) => {
    const target = { ArrowLeft: focused - 1, ArrowRight: focused + 1, Home: 0, End: last }[event.key];
    if (target !== undefined) {
      event.preventDefault();
      const next = Math.min(last, Math.max(0, target));
      take(event.shiftKey ? [range.current?.[0] ?? focused, next] : null);
      setFocused(next);
      /** @type {HTMLElement} */ (svg.current?.querySelectorAll(".histogram-hit")[next])?.focus();
    } else if (event.key === "Enter" || event.key === " ") {
      event.preventDefault();
      drop();
    } else if (event.key === "Escape" && range.current) {
      event.stopPropagation();
      take(null);
    }
  };
  const pointer = onPick && {
    onPointerDown: (/** @type {PointerEvent} */ event) => {
      if (event.button !== 0) return;
      svg.current?.setPointerCapture(event.pointerId);
      take([indexAt(event), indexAt(event)]);
      setFocused(indexAt(event));
    },
    onPointerMove: (/** @type {PointerEvent} */ event) => range.current && event.buttons && take([range.current[0], indexAt(event)]),
    onPointerUp: (/** @type {PointerEvent} */ event) => range.current && event.button === 0 && drop(),
    onPointerCancel: () => take(null),
    onKeyDown,
    onBlur: () => range.current && take(null),
  };
  const widths = bins.length * 10;
  return html`<svg ref=${svg} class=${`histogram-bars ${onPick ? "histogram-live" : ""}`} viewBox=${`0 0 ${widths} 100`}
    preserveAspectRatio="none" role=${sentence ? "img" : null} aria-label=${sentence} ...${pointer}>
    ${bins.map((bin, index) => {
      const size = bin.count ? Math.max(3, (bend(bin.count) / highest) * 100) : 0;
      const failing = bin.failedCount === undefined ? failingShare(bin, mark, fails) : 0;
      const failedHeight = bin.failedCount && bin.count ? (size * bin.failedCount) / bin.count : 0;
      const left = fails === "above" ? 1 - failing : 0;
      const faded = isChosen && !isChosen(bin) ? "histogram-faded" : "";
      return html`<g key=${index} class=${faded}>
        <rect class="histogram-bar" x=${index * 10 + 0.5} y=${100 - size} width="9" height=${size} />
        ${failing > 0 && html`<rect class="histogram-bar-failed" x=${index * 10 + 0.5 + left * 9} y=${100 - size} width=${9 * failing} height=${size} />`}
        ${failedHeight > 0 && html`<rect class="histogram-bar-failed" x=${index * 10 + 0.5} y=${100 - failedHeight} width="9" height=${failedHeight} />`}
        <rect class="histogram-hit" x=${index * 10} y="0" width="10" height="100" role=${onPick ? "button" : null}
          tabindex=${onPick ? (index === focused ? 0 : -1) : null} onFocus=${onPick && (() => setFocused(index))}
          aria-pressed=${onPick && isChosen ? String(Boolean(isChosen(bin))) : null}
          aria-label=${onPick ? `${write(bin.from)} to ${write(bin.to)}: ${formatInteger(bin.count)} ${noun}s` : null}>
          <title>${`${write(bin.from)} to ${write(bin.to)}: ${formatInteger(bin.count)}`}</title>
        </rect>
      </g>`;
    })}
  </svg>`;
}
