/** What the server has seen of a start: keys, the newest dataset, its rows, the newest report. */
import { useEffect, useState } from "../vendor/preact.js";
import { isAbort, request } from "./api.js";

const LOOK_MILLISECONDS = 2_000;

/**
 * `canKeys` is false for a key that may not see keys; `demo` is what GET /api/demo/ answers.
 * @typedef {{keys: any[], canKeys: boolean, dataset: any, report: any, demo: any}} Seen
 */

/** @param {string} path @param {AbortSignal} signal @param {any} [params] */
const get = (path, signal, params) => request("GET", path, { params, signal });

/** @param {AbortSignal} signal @returns {Promise<Seen>} */
async function look(signal) {
  const [keys, datasets, reports, demo] = await Promise.all([
    get("/api/keys/list/", signal).catch((error) => {
      if (error.status === 403) return null;
      throw error;
    }),
    get("/api/datasets/list/", signal, { page_size: 1 }),
    get("/api/eval-reports/list/", signal, { page_size: 1 }),
    get("/api/demo/", signal),
  ]);
  return {
    keys: (keys?.results ?? []).filter((/** @type {any} */ key) => key.revoked_at === null),
    canKeys: keys !== null,
    dataset: datasets.results[0] ?? null,
    report: reports.results[0] ?? null,
    demo,
  };
}

/**
 * Look every two seconds while the page is visible.
 * @returns {{seen: Seen | null, error: any, look: () => void}} `look` does so at once
 */
export function useStart() {
  const [state, setState] = useState(/** @type {{seen: Seen | null, error: any}} */ ({ seen: null, error: null }));
  const [turn, setTurn] = useState(0);
  useEffect(() => {
    const abort = new AbortController();
    let timer = 0;
    const again = async () => {
      try {
        if (document.visibilityState === "visible") {
          const seen = await look(abort.signal);
          if (abort.signal.aborted) return;
          setState({ seen, error: null });
        }
      } catch (error) {
        if (abort.signal.aborted || isAbort(error)) return;
        setState((last) => ({ seen: last.seen, error }));
      }
      timer = window.setTimeout(again, LOOK_MILLISECONDS);
    };
    again();
    return () => {
      abort.abort();
      clearTimeout(timer);
    };
  }, [turn]);
  return { ...state, look: () => setTurn((last) => last + 1) };
}
