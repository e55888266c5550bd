/** A histogram: bars to click or drag over, red under the pass mark, which can be dragged. */
import { html, useRef, useState } from "../vendor/preact.js";
import { ChartTable } from "./chart-table.js";
import { HistogramBars } from "./histogram-bars.js";
import { HistogramMark } from "./histogram-mark.js";
import { formatInteger, plural } from "../lib/format.js";
import { formatEdge, isInRange, sentenceOf } from "../lib/histogram.js";

/** @typedef {import("../lib/histogram.js").Bin} Bin */

/**
 * `mark` is the pass mark, and `fails` the side of it that fails; `range` is what is filtered to. `onMark` hears each
 * step of a drag, with true at its end.
 * @param {{bins: Bin[], label: string, height?: number, scale?: "sqrt" | "linear", format?: (value: number) => string,
 *   noun?: string, mark?: number | null, fails?: "below" | "above" | null, range?: [number, number] | null,
 *   onRange?: (from: number, to: number) => void, onBin?: (bin: Bin) => void,
 *   onMark?: (value: number, isFinal: boolean) => void, hasTable?: boolean}} props
 */
export function Histogram({
  bins, label, height = 56, scale = "sqrt", format, noun = "row", mark = null, fails = "below", range = null,
  onRange, onBin, onMark, hasTable = true,
}) {
  const [shownScale, setScale] = useState(scale);
  const [dragged, setDragged] = useState(/** @type {[number, number] | null} */ (null));
  const plot = useRef(/** @type {HTMLDivElement | null} */ (null));
  if (!bins.length) return html`<p class="chart-nothing">No numbers yet</p>`;
  const write = format ?? formatEdge(bins);
  const sentence = sentenceOf(bins, label, { noun, write, mark, fails });
  const chosen = dragged ? /** @type {[number, number]} */ ([bins[Math.min(...dragged)].from, bins[Math.max(...dragged)].to]) : range;
  /** @param {number} first @param {number} last */
  const pick = (first, last) => {
    const [low, high] = [Math.min(first, last), Math.max(first, last)];
    if (low === high && onBin) onBin(bins[low]);
    else onRange?.(bins[low].from, bins[high].to);
  };
  const isLive = Boolean(onRange || onBin);
  return html`<div class="histogram" role=${isLive ? "group" : null} aria-label=${isLive ? sentence : null}>
    <div class="histogram-plot" ref=${plot} style=${{ height: `${height}px` }}>
      <${HistogramBars} bins=${bins} sentence=${isLive ? null : sentence} scale=${shownScale} mark=${mark} fails=${fails}
        isChosen=${chosen ? (/** @type {Bin} */ bin) => isInRange(bin, chosen) : null} write=${write} noun=${noun}
        onPick=${isLive ? pick : null} onDrag=${setDragged} />
      ${mark !== null && html`<${HistogramMark} plot=${plot} minimum=${bins[0].from} maximum=${bins[bins.length - 1].to}
        mark=${mark} label=${`Pass mark of ${label}`} write=${write} onMark=${onMark} />`}
    </div>
    <div class="histogram-axis">
      <span>${write(bins[0].from)}</span>
      ${hasTable && html`<${ChartTable} label=${label} sentence=${sentence} columns=${["from", "to", `${noun}s`]}
        rows=${bins.map((bin) => [write(bin.from), write(bin.to), formatInteger(bin.count)])}
        scale=${shownScale} onScale=${setScale} />`}
      <span>${write(bins[bins.length - 1].to)}</span>
    </div>
    ${dragged && html`<div class="visually-hidden" role="status">${plural(
      bins.slice(Math.min(...dragged), Math.max(...dragged) + 1).reduce((sum, bin) => sum + bin.count, 0), noun)}</div>`}
  </div>`;
}
