/** How far something is. */
import { html } from "../vendor/preact.js";
import { formatInteger } from "../lib/format.js";

/** @param {{done: number, total: number | null, failed?: number, label: string}} props `failed` is the red part of what is done */
export function Progress({ done, total, failed = 0, label }) {
  const share = total ? Math.min(1, done / total) : 0;
  const bad = total ? Math.min(share, failed / total) : 0;
  return html`<div class="progress" role="progressbar" aria-label=${label} aria-valuemin="0" aria-valuemax=${total ?? undefined}
    aria-valuenow=${total ? done : undefined} aria-valuetext=${total ? `${formatInteger(done)} of ${formatInteger(total)}` : undefined}>
    <div class=${`progress-done ${total ? "" : "progress-unknown"}`} style=${{ width: total ? `${(share - bad) * 100}%` : "30%" }}></div>
    <div class="progress-failed" style=${{ width: `${bad * 100}%` }}></div>
  </div>`;
}
