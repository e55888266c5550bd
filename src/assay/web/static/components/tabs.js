/** Links between the views of one thing; each is a URL. */
import { html } from "../vendor/preact.js";
import { formatInteger } from "../lib/format.js";

/** @param {{items: Array<{label: string, href: string, count?: number | string | null, isCurrent: boolean}>, label?: string}} props */
export function Tabs({ items, label = "Views" }) {
  return html`<nav class="tabs" aria-label=${label}>
    ${items.map(
      (item) => html`<a key=${item.label} class="tab" href=${item.href} aria-current=${item.isCurrent ? "page" : undefined}>
        ${item.label}${item.count !== undefined &&
        item.count !== null &&
        html` <span class="tab-count">${typeof item.count === "number" ? formatInteger(item.count) : item.count}</span>`}
      </a>`,
    )}
  </nav>`;
}
