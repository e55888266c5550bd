/** An estimate with its interval: a dot on a line, beside the line of zero. */
import { html } from "../vendor/preact.js";

/**
 * `minimum` and `maximum` are the ends of the scale; `tone` colours a difference only when it is significant.
 * @param {{estimate: number | null, lower: number | null, upper: number | null, minimum: number, maximum: number,
 *   zero?: number | null, label: string, format?: (value: number) => string, tone?: "good" | "bad" | "none",
 *   run?: string}} props
 */
export function Interval({
  estimate, lower, upper, minimum, maximum, zero = null, label, format = (value) => value.toFixed(3), tone = "none", run = "",
}) {
  const size = maximum - minimum || 1;
  /** @param {number} value */
  const place = (value) => Math.min(100, Math.max(0, (100 * (value - minimum)) / size));
  const sentence = estimate === null
    ? `${label}: no estimate.`
    : `${label}: ${format(estimate)}${lower === null || upper === null ? "" : `, 95 % interval ${format(lower)} to ${format(upper)}`}.`;
  const colour = run ? `interval-run-${run.toLowerCase()}` : `interval-${tone}`;
  return html`<svg class=${`interval ${colour}`} role="img" aria-label=${sentence}>
    <title>${sentence}</title>
    ${zero !== null && html`<line class="interval-zero" x1=${`${place(zero)}%`} x2=${`${place(zero)}%`} y1="0" y2="100%" />`}
    ${lower !== null && upper !== null && html`<line class="interval-line" x1=${`${place(lower)}%`} x2=${`${place(upper)}%`} y1="50%" y2="50%" />`}
    ${estimate !== null && html`<circle class="interval-dot" cx=${`${place(estimate)}%`} cy="50%" r="4" />`}
  </svg>`;
}
