/** The last few values of a score as a small line, with a dot at the newest. */
import { html } from "../vendor/preact.js";

/**
 * `points` are oldest first; null leaves a gap.
 * @param {{points: Array<number | null>, label: string, width?: number, height?: number,
 *   format?: (value: number) => string}} props
 */
export function Sparkline({ points, label, width = 96, height = 20, format = (value) => value.toFixed(3) }) {
  const known = points.filter((value) => value !== null);
  if (!known.length) return html`<span class="muted">–</span>`;
  const low = Math.min(...known);
  const size = Math.max(...known) - low;
  /** @param {number} index */
  const x = (index) => (points.length === 1 ? width / 2 : 3 + (index * (width - 6)) / (points.length - 1));
  /** @param {number} value */
  const y = (value) => (size === 0 ? height / 2 : 3 + (1 - (value - low) / size) * (height - 6));
  let path = "";
  let isNew = true;
  points.forEach((value, index) => {
    if (value !== null) path += `${isNew ? "M" : "L"}${x(index).toFixed(1)} ${y(value).toFixed(1)}`;
    isNew = value === null;
  });
  const last = points.findLastIndex((value) => value !== null);
  const newest = /** @type {number} */ (points[last]);
  const sentence = `${label}, the last ${points.length}: from ${format(known[0])} to ${format(newest)}, between ${format(low)} and ${format(low + size)}.`;
  return html`<svg class="sparkline" width=${width} height=${height} viewBox=${`0 0 ${width} ${height}`} role="img" aria-label=${sentence}>
    <title>${sentence}</title>
    <path class="sparkline-line" d=${path} />
    <circle class="sparkline-dot" cx=${x(last)} cy=${y(newest)} r="2.5" />
  </svg>`;
}
