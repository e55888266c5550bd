/** The rows of one list, fetched page by page as they come into view. */
import { isAbort } from "./api.js";
import { hiddenRows } from "./hidden-rows.js";

/**
 * @typedef {{rows: any[], total?: number | null, isExact?: boolean}} Page `total` where the answer says it
 * @typedef {{total: number, isExact: boolean}} Total an inexact one is the least that there are
 * @typedef {{
 *   loadPage: (number: number, abort: AbortSignal) => Promise<Page>,
 *   loadTotal?: (abort: AbortSignal) => Promise<Total>,
 *   pageSize?: number, getId?: (row: any) => string, onChange: () => void,
 * }} StoreOptions pages are counted from 1
 * @typedef {ReturnType<typeof createRowStore>} RowStore
 */

const BURST_MILLISECONDS = 50;
const MOST_PAGES = 80;
const MOST_UNDER_WAY = 6;

/** @param {StoreOptions} options */
export function createRowStore({ loadPage, loadTotal, pageSize = 100, getId = (row) => row.id, onChange }) {
  /** @type {Map<number, any[]>} */
  let pages = new Map();
  /** Place by id, before hidden rows are taken out. @type {Map<string, number>} */
  let places = new Map();
  /** @type {Map<number, AbortController>} */
  const underWay = new Map();
  /** @type {Map<number, any>} */
  const failed = new Map();
  const hidden = hiddenRows();
  const counting = new AbortController();
  /** @type {Total | null} */
  let counted = null;
  let seen = 0;
  let end = /** @type {number | null} */ (null);
  let view = { first: 0, last: pageSize - 1 };
  let ahead = 1;
  let lastBurst = -BURST_MILLISECONDS;
  let timer = 0;
  let isReloading = false;

  /** @param {number} number @param {Page} page */
  function keep(number, { rows, total, isExact = true }) {
    const first = (number - 1) * pageSize;
    pages.delete(number);
    pages.set(number, rows);
    rows.forEach((row, at) => {
      const id = getId(row);
      places.set(id, first + at);
      hidden.see(id, first + at);
    });
    seen = Math.max(seen, first + rows.length);
    if (typeof total === "number") counted = { total, isExact };
    if (typeof total === "number" && isExact) end = total;
    else if (rows.length < pageSize) end = rows.length ? first + rows.length : Math.min(end ?? seen, seen);
    if (pages.size > MOST_PAGES) forgetFarthest();
  }

  function forgetFarthest() {
    const middle = (view.first + view.last) / 2 / pageSize + 1;
    const [farthest] = [...pages.keys()].sort((one, other) => Math.abs(other - middle) - Math.abs(one - middle));
    for (const row of pages.get(farthest) ?? []) places.delete(getId(row));
    pages.delete(farthest);
  }

  /** The pages in view, then the one ahead in the direction of scrolling. */
  function wanted() {
    const most = end === null ? Infinity : Math.max(1, Math.ceil(end / pageSize));
    const first = Math.floor(view.first / pageSize) + 1;
    const last = Math.floor(view.last / pageSize) + 1;
    const numbers = Array.from({ length: Math.max(1, last - first + 1) }, (_, at) => first + at);
    // The first page says whether another follows.
    if (pages.size > 0) numbers.push(ahead > 0 ? last + 1 : first - 1);
    return numbers.filter((number) => number >= 1 && number <= most);
  }

  /** @param {number} number */
  function start(number) {
    const abort = new AbortController();
    underWay.set(number, abort);
    loadPage(number, abort.signal).then(
      (page) => {
        if (abort.signal.aborted) return;
        underWay.delete(number);
        keep(number, page);
        onChange();
      },
      (error) => {
        if (abort.signal.aborted || isAbort(error)) return;
        underWay.delete(number);
        failed.set(number, error);
        onChange();
      },
    );
  }

  function burst() {
    timer = 0;
    lastBurst = performance.now();
    // Where the first page was refused the others would be too.
    if (isReloading || (failed.size > 0 && pages.size === 0)) return;
    const numbers = wanted();
    for (const number of numbers) if (!pages.has(number) && !underWay.has(number) && !failed.has(number)) start(number);
    if (underWay.size <= MOST_UNDER_WAY) return;
    for (const [number, abort] of underWay) {
      if (numbers.includes(number)) continue;
      abort.abort();
      underWay.delete(number);
    }
  }

  function count() {
    loadTotal?.(counting.signal).then(
      (total) => {
        if (counting.signal.aborted) return;
        counted = total;
        if (total.isExact) end = total.total;
        onChange();
      },
      // Rows are usable without their count, which a list goes on to find by itself.
      () => {},
    );
  }

  function stop() {
    for (const abort of underWay.values()) abort.abort();
    underWay.clear();
    clearTimeout(timer);
    timer = 0;
  }

  const total = () => (end !== null ? end : pages.size ? Math.max(counted?.total ?? 0, seen) : null);
  const rowAt = (/** @type {number} */ place) => pages.get(Math.floor(place / pageSize) + 1)?.[place % pageSize] ?? null;

  return {
    /** Fetch the first page. */
    begin() {
      start(1);
      count();
    },
    /** How many rows there are, or are known to be; null before the first answer. */
    total: () => {
      const all = total();
      return all === null ? null : Math.max(0, all - hidden.count());
    },
    isExact: () => end !== null || Boolean(counted?.isExact),
    isReady: () => pages.size > 0 || failed.size > 0,
    isLoading: () => underWay.size > 0 || isReloading,
    error: () => failed.values().next().value ?? null,
    /** @param {number} index */
    at: (index) => rowAt(hidden.placeOf(index)),
    /** @param {string} id @returns {number} -1 when it is not loaded */
    indexOf(id) {
      const place = places.get(id);
      return place === undefined || hidden.has(id) ? -1 : hidden.indexOf(place);
    },
    /** Ids of the loaded rows. */
    ids: () => [...places.keys()].filter((id) => !hidden.has(id)),
    /** Say which rows are in view. @param {number} first @param {number} last */
    want(first, last) {
      const next = { first: hidden.placeOf(first), last: hidden.placeOf(Math.max(first, last)) };
      if (next.first !== view.first) ahead = next.first > view.first ? 1 : -1;
      view = next;
      if (timer) return;
      const wait = BURST_MILLISECONDS - (performance.now() - lastBurst);
      if (wait <= 0) burst();
      else timer = window.setTimeout(burst, wait);
    },
    retry() {
      failed.clear();
      burst();
      onChange();
    },
    /** Fetch what is in view anew; what is shown stays until it is there. */
    async reload() {
      stop();
      isReloading = true;
      const abort = new AbortController();
      underWay.set(0, abort);
      onChange();
      try {
        const numbers = [...new Set([...wanted().filter((number) => pages.has(number)), 1])];
        const found = await Promise.all(numbers.map((number) => loadPage(number, abort.signal)));
        if (abort.signal.aborted) return;
        pages = new Map();
        places = new Map();
        hidden.clearPlaces();
        failed.clear();
        [seen, end, counted] = [0, null, null];
        numbers.forEach((number, at) => keep(number, found[at]));
        count();
      } catch (error) {
        if (abort.signal.aborted || isAbort(error)) return;
        failed.set(0, error);
      } finally {
        if (underWay.get(0) === abort) {
          underWay.delete(0);
          isReloading = false;
          burst();
          onChange();
        }
      }
    },
    /** Change a row that is shown, before or after the server did. @param {string} id @param {Record<string, any>} changes */
    patch(id, changes) {
      const place = places.get(id);
      if (place === undefined) return;
      const rows = pages.get(Math.floor(place / pageSize) + 1);
      if (rows) rows[place % pageSize] = { ...rows[place % pageSize], ...changes };
      onChange();
    },
    /** Take rows out of sight. @param {Iterable<string>} ids */
    remove(ids) {
      for (const id of ids) hidden.hide(id, places.get(id));
      onChange();
    },
    /** Show rows again that were taken out of sight. @param {Iterable<string>} ids */
    restore(ids) {
      for (const id of ids) hidden.show(id, places.get(id));
      onChange();
    },
    dispose() {
      stop();
      counting.abort();
    },
  };
}
