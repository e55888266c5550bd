/** Compares values without freezing the page: short ones at once, long ones in a worker. */
import { useEffect, useState } from "../vendor/preact.js";
import { compare } from "./diff.js";

/** @typedef {import("./diff.js").Diff} Diff */

const SHORT = 16_384;
let worker = /** @type {Worker | null} */ (null);
let lastId = 0;

/** Whether a value has fewer than `most` characters as JSON, counted no further. @param {any} value @param {number} most */
export function isShort(value, most = SHORT) {
  let left = most;
  const stack = [value];
  while (stack.length && left > 0) {
    const item = stack.pop();
    left -= typeof item === "string" ? item.length + 2 : 4;
    if (typeof item !== "object" || item === null) continue;
    const names = Object.keys(item);
    left -= names.length * 4;
    if (left > 0) for (const name of names) stack.push(item[name]);
  }
  return left > 0;
}

/** @param {any} before @param {any} after @param {string} mode @param {AbortSignal} abort @returns {Promise<Diff>} */
function compareInWorker(before, after, mode, abort) {
  worker ??= new Worker(new URL("./diff-worker.js", import.meta.url), { type: "module" });
  const mine = worker;
  const id = (lastId += 1);
  return new Promise((resolve, reject) => {
    const options = { signal: abort };
    mine.addEventListener("message", (event) => {
      if (event.data.id !== id) return;
      if (event.data.diff) resolve(event.data.diff);
      else reject(new Error(event.data.error));
    }, options);
    mine.addEventListener("error", () => {
      worker = null;
      reject(new Error("The comparison could not be run."));
    }, options);
    mine.postMessage({ id, before, after, mode });
  });
}

/**
 * What differs between two values.
 * @param {any} before
 * @param {any} after
 * @param {"" | "words" | "lines" | "json"} mode
 * @returns {{diff: Diff | null, error: string}} diff is null while a long one is compared
 */
export function useDiff(before, after, mode) {
  const [state, setState] = useState(/** @type {{diff: Diff | null, error: string}} */ ({ diff: null, error: "" }));
  useEffect(() => {
    if (isShort(before) && isShort(after)) {
      setState({ diff: compare(before, after, { mode, milliseconds: 50 }), error: "" });
      return undefined;
    }
    setState({ diff: null, error: "" });
    const abort = new AbortController();
    compareInWorker(before, after, mode, abort.signal).then(
      (diff) => abort.signal.aborted || setState({ diff, error: "" }),
      (error) => abort.signal.aborted || setState({ diff: null, error: String(error.message) }),
    );
    return () => abort.abort();
  }, [before, after, mode]);
  return state;
}
