/** Compares long values beside the page, so that it never freezes. */
import { compare } from "./diff.js";

addEventListener("message", (/** @type {MessageEvent} */ event) => {
  const { id, before, after, mode } = event.data;
  try {
    postMessage({ id, diff: compare(before, after, { mode, milliseconds: 3_000 }) });
  } catch (error) {
    postMessage({ id, error: String(error) });
  }
});
