/** A moment: how long ago, and exactly when on hover. */
import { effect, html, signal } from "../vendor/preact.js";
import { formatAgo, formatTime } from "../lib/format.js";

const now = signal(Date.now());
effect(() => {
  const timer = setInterval(() => (now.value = Date.now()), 30_000);
  return () => clearInterval(timer);
});

/** @param {{at: string | null | undefined}} props an ISO 8601 time */
export function Time({ at }) {
  if (!at) return html`<span class="muted">–</span>`;
  return html`<time dateTime=${at} title=${formatTime(at)}>${formatAgo(at, Math.max(now.value, Date.now()))}</time>`;
}
