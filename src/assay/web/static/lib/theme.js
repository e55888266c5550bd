/** Light, dark, or what the system says; kept in a cookie so that the document arrives in the right one. */
import { effect, signal } from "../vendor/preact.js";
import { density } from "./settings.js";
import { BASE } from "./url.js";

const root = document.documentElement;

/** "system", "light" or "dark". */
export const theme = signal(root.getAttribute("data-theme") ?? "system");

/** @param {string} name @param {string} value */
function keep(name, value) {
  document.cookie = `${name}=${value}; Path=${BASE}/ui; Max-Age=31536000; SameSite=Lax`;
}

/** Keep the document's attributes and cookies in step with what is chosen. */
export function applyAppearance() {
  effect(() => {
    root.setAttribute("data-theme", theme.value);
    keep("assay_theme", theme.value);
  });
  effect(() => {
    root.setAttribute("data-density", density.value);
    keep("assay_density", density.value);
  });
}

/** The height of a row of a grid in pixels. */
export function rowHeight() {
  return { compact: 28, roomy: 40 }[density.value] ?? 32;
}
