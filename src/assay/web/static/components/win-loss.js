/** Wins, ties and losses of a run against another as one bar, with the counts in words. */
import { html } from "../vendor/preact.js";
import { StackedBar } from "./stacked-bar.js";
import { formatInteger } from "../lib/format.js";

/**
 * `onPart` hears "wins", "ties" or "losses".
 * @param {{wins: number, ties: number, losses: number, label: string, chosen?: string | null,
 *   onPart?: (part: string) => void}} props
 */
export function WinLoss({ wins, ties, losses, label, chosen = null, onPart }) {
  const segments = [
    { id: "wins", label: "better", count: wins, tone: /** @type {const} */ ("good") },
    { id: "ties", label: "same", count: ties, tone: /** @type {const} */ ("none") },
    { id: "losses", label: "worse", count: losses, tone: /** @type {const} */ ("bad") },
  ];
  return html`<div class="win-loss">
    <${StackedBar} segments=${segments} label=${label} chosen=${chosen} onSegment=${onPart} hasTable=${false} />
    <span class="win-loss-counts">${segments.map((part, index) => html`${index > 0 && " · "}<span key=${part.id}>${formatInteger(part.count)} ${part.label}</span>`)}</span>
  </div>`;
}
