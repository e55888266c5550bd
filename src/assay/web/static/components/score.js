/** A score as it stands in a row: a short bar and the number, a mark for pass and fail, or the label. */
import { html } from "../vendor/preact.js";
import { formatPercent, formatScore } from "../lib/format.js";

/**
 * `range` are the ends of the scale, which gives numbers their bar.
 * @param {{value: any, range?: [number | null | undefined, number | null | undefined] | null, isPassed?: boolean | null,
 *   kind?: string, digits?: number}} props
 */
export function Score({ value, range = null, isPassed = null, kind = "", digits = 2 }) {
  if (value === null || value === undefined) return html`<span class="score score-none">–</span>`;
  if (typeof value === "boolean") {
    const passed = isPassed ?? value;
    return html`<span class=${`score ${passed ? "good" : "bad"}`}>${passed ? "✓" : "✗"} ${value === passed ? (passed ? "pass" : "fail") : String(value)}</span>`;
  }
  if (typeof value === "number") {
    const [low, high] = range ?? [];
    const hasBar = typeof low === "number" && typeof high === "number" && high > low;
    const share = hasBar ? Math.min(1, Math.max(0, (value - low) / (high - low))) : 0;
    const text = kind === "percentage" ? formatPercent(value / 100) : Number.isInteger(value) && !hasBar ? String(value) : formatScore(value, digits);
    return html`<span class=${`score ${isPassed === false ? "score-failed" : ""}`}>
      ${hasBar && html`<svg class="score-bar" viewBox="0 0 100 6" preserveAspectRatio="none" aria-hidden="true">
        <rect class="score-track" width="100" height="6" rx="3" /><rect class="score-fill" width=${share * 100} height="6" /></svg>`}
      <span class="score-number">${text}</span>${isPassed === false && html`<span class="visually-hidden"> fail</span>`}
    </span>`;
  }
  const names = Array.isArray(value) ? value : [typeof value === "string" ? value : JSON.stringify(value)];
  return html`<span class="score">${names.map((name) => html`<span key=${name} class=${`chip score-label ${isPassed === false ? "chip-bad" : ""}`}>${name}</span>`)}</span>`;
}
