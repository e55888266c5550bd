/** What stands in for content that is still on its way: nothing at first, then grey lines. */
import { html, useEffect, useState } from "../vendor/preact.js";

const QUIET_MILLISECONDS = 100;

/** @param {{lines?: number, label?: string}} props */
export function Skeleton({ lines = 3, label = "Loading" }) {
  const [isShown, setIsShown] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => setIsShown(true), QUIET_MILLISECONDS);
    return () => clearTimeout(timer);
  }, []);
  if (!isShown) return null;
  return html`<div class="skeleton" role="status"><span class="visually-hidden">${label}</span>
    ${Array.from({ length: lines }, (_, at) => html`<div key=${at} class="skeleton-line" aria-hidden="true"></div>`)}
  </div>`;
}
