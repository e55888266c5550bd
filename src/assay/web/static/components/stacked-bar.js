/** One bar in parts: pass and fail, or the counts of labels; each part a button when it filters. */
import { html } from "../vendor/preact.js";
import { ChartTable } from "./chart-table.js";
import { formatInteger, formatPercent } from "../lib/format.js";

/** @typedef {{id: string, label: string, count: number, tone?: "good" | "bad" | "warn" | "none" | "plain"}} Segment */

/**
 * @param {{segments: Segment[], label: string, chosen?: string | null, onSegment?: (id: string) => void,
 *   hasTable?: boolean}} props
 */
export function StackedBar({ segments, label, chosen = null, onSegment, hasTable = true }) {
  const total = segments.reduce((sum, part) => sum + part.count, 0);
  const shown = segments.filter((part) => part.count > 0);
  const sentence = `${label}: ${segments.map((part) => `${formatInteger(part.count)} ${part.label}`).join(", ")}.`;
  /** @param {Segment} part @param {number} index */
  const look = (part, index) => ({
    key: part.id,
    class: `stacked-part stacked-${part.tone ?? `label-${index % 8}`} ${chosen !== null && chosen !== part.id ? "stacked-faded" : ""}`,
    style: { flexGrow: part.count },
    title: `${part.label}: ${formatInteger(part.count)} (${formatPercent(part.count / total)})`,
  });
  let before = 0;
  /** Where to click: at least 24 px wide, over a part that may be narrower. @param {Segment} part */
  const place = (part) => {
    const [start, end] = [before / total, (before + part.count) / total];
    before += part.count;
    // The smaller a part, the higher it lies: what covers a neighbour is never the larger one.
    const size = { width: `${(end - start) * 100}%`, zIndex: 1 + Math.round((1 - end + start) * 20) };
    return start < 0.5 ? { left: `${start * 100}%`, ...size } : { right: `${(1 - end) * 100}%`, ...size };
  };
  return html`<div class="stacked" role=${onSegment ? "group" : null} aria-label=${onSegment ? sentence : null}>
    <div class="stacked-bar" role=${onSegment ? null : "img"} aria-label=${onSegment ? null : sentence}>
      ${total === 0 && html`<span class="stacked-part stacked-none"></span>`}
      ${shown.map((part, index) => html`<span ...${look(part, index)}></span>`)}
      ${onSegment && shown.map((part) => html`<button key=${`${part.id} button`} type="button" class="stacked-hit"
        style=${place(part)} aria-pressed=${String(chosen === part.id)} onClick=${() => onSegment(part.id)} title=${look(part, 0).title}
        aria-label=${`${part.label}: ${formatInteger(part.count)} of ${formatInteger(total)}`}></button>`)}
    </div>
    ${hasTable && html`<${ChartTable} label=${label} sentence=${sentence} columns=${["label", "count", "share"]}
      rows=${segments.map((part) => [part.label, formatInteger(part.count), formatPercent(total ? part.count / total : null)])} />`}
  </div>`;
}
