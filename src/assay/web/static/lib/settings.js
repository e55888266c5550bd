/** What this browser remembers: how things look and how wide they are. */
import { effect, signal } from "../vendor/preact.js";

/** @type {Map<string, import("../vendor/preact.js").Signal>} */
const known = new Map();

/** @param {string} name @param {any} fallback */
function stored(name, fallback) {
  try {
    const text = localStorage.getItem(`assay.${name}`);
    return text === null ? fallback : JSON.parse(text);
  } catch {
    return fallback;
  }
}

/**
 * A value that outlives the page, as a signal; the same one for the same name.
 * @template T
 * @param {string} name
 * @param {T} fallback
 * @returns {import("../vendor/preact.js").Signal<T>}
 */
export function remembered(name, fallback) {
  const there = known.get(name);
  if (there) return there;
  const value = signal(stored(name, fallback));
  known.set(name, value);
  let isFirst = true;
  effect(() => {
    const text = JSON.stringify(value.value);
    if (!isFirst) {
      try {
        localStorage.setItem(`assay.${name}`, text);
      } catch {
        // A full or forbidden storage only costs the memory.
      }
    }
    isFirst = false;
  });
  return value;
}

/** Whether single letters act (WCAG 2.1.4 asks that they can be turned off). */
export const hasSingleKeys = remembered("single-keys", true);
/** How high rows are: "compact", "normal" or "roomy". */
export const density = remembered("density", "normal");
