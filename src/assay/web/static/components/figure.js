/** A mean or a rate with half of its 95 % interval, as it stands in a line. */
import { html } from "../vendor/preact.js";
import { formatPercent, formatScore } from "../lib/format.js";
import { figureOf } from "../lib/trends.js";

/** @param {{part: any, hasName?: boolean}} props `part` is an evaluator of a report */
export function Figure({ part, hasName = true }) {
  const { value, half, isShare } = figureOf(part);
  const written = isShare ? formatPercent(value) : formatScore(value, 3);
  const spread = half === null ? "" : ` ± ${isShare ? (half * 100).toFixed(1) : formatScore(half, 3)}`;
  return html`<span class="figure">${hasName && html`<span class="muted">${part.evaluator_slug} </span>`}<b>${written}</b><span class="muted">${spread}</span></span>`;
}
