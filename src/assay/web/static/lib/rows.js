/** The rows that a filter finds, for a grid: any of them by its place, whatever their number. */
import { useEffect, useLayoutEffect, useMemo, useReducer, useRef } from "../vendor/preact.js";
import { createRowStore } from "./row-store.js";

/**
 * @typedef {{
 *   key: string | null, total: number | null, isExact: boolean, isLoading: boolean, isStale: boolean, error: any,
 *   at: (index: number) => any, indexOf: (id: string) => number, ids: () => string[],
 *   want: (first: number, last: number) => void, retry: () => void, reload: () => void,
 *   patch: (id: string, changes: Record<string, any>) => void,
 *   remove: (ids: Iterable<string>) => void, restore: (ids: Iterable<string>) => void,
 * }} Rows `total` is null before the first answer and the least there are while `isExact` is false; `isStale`: what is
 *   shown belongs to the former key
 */

/**
 * Rows by pages, kept until those of a new key are there.
 * @param {{
 *   key: string | null,
 *   loadPage: (number: number, abort: AbortSignal) => Promise<import("./row-store.js").Page>,
 *   loadTotal?: (abort: AbortSignal) => Promise<import("./row-store.js").Total>,
 *   pageSize?: number, getId?: (row: any) => string, removed?: Iterable<string>,
 * }} options `key` says which rows: another key aborts what is under way, null asks nothing; pages are counted from 1;
 *   `removed` are ids out of sight from the beginning
 * @returns {Rows}
 */
export function useRows(options) {
  const { key } = options;
  const latest = useRef(options);
  latest.current = options;
  const [turn, redraw] = useReducer((/** @type {number} */ last) => last + 1, 0);
  const shown = useRef(/** @type {{key: string, store: import("./row-store.js").RowStore} | null} */ (null));
  const next = useRef(/** @type {{key: string, store: import("./row-store.js").RowStore} | null} */ (null));

  // Asked before the browser draws, which would take a frame of every first row.
  useLayoutEffect(() => {
    if (key === null) return undefined;
    const { loadPage, loadTotal, pageSize, getId, removed = [] } = latest.current;
    const store = createRowStore({
      loadPage,
      loadTotal,
      pageSize,
      getId,
      onChange: () => {
        if (next.current?.store === store && store.isReady()) {
          shown.current?.store.dispose();
          shown.current = next.current;
          next.current = null;
        }
        redraw(undefined);
      },
    });
    next.current?.store.dispose();
    next.current = { key, store };
    if (shown.current === null) [shown.current, next.current] = [next.current, null];
    store.remove(removed);
    store.begin();
    redraw(undefined);
    return undefined;
  }, [key]);
  useEffect(
    () => () => {
      next.current?.store.dispose();
      shown.current?.store.dispose();
    },
    [],
  );

  const isStale = next.current !== null || (shown.current !== null && key !== null && shown.current.key !== key);
  return useMemo(() => {
    const store = shown.current?.store;
    const newest = () => next.current?.store ?? shown.current?.store;
    return {
      key: shown.current?.key ?? null,
      total: store?.total() ?? null,
      isExact: store?.isExact() ?? false,
      isLoading: key !== null && (isStale || !store || store.isLoading()),
      isStale,
      error: store?.error() ?? null,
      at: (/** @type {number} */ index) => store?.at(index) ?? null,
      indexOf: (/** @type {string} */ id) => store?.indexOf(id) ?? -1,
      ids: () => store?.ids() ?? [],
      want: (/** @type {number} */ first, /** @type {number} */ last) => store?.want(first, last),
      retry: () => newest()?.retry(),
      reload: () => void newest()?.reload(),
      patch: (/** @type {string} */ id, /** @type {Record<string, any>} */ changes) => newest()?.patch(id, changes),
      remove: (/** @type {Iterable<string>} */ ids) => newest()?.remove(ids),
      restore: (/** @type {Iterable<string>} */ ids) => newest()?.restore(ids),
    };
  }, [turn, key, isStale]);
}
