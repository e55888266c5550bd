/** Which logs the address asks for, and their rows. */
import { useEffect, useMemo, useRef, useState } from "../../vendor/preact.js";
import { request } from "../../lib/api.js";
import { NEWEST_FIRST, justAfter, logSelection, logsCount, logsPage } from "../../lib/log-calls.js";
import { parseQuery } from "../../lib/query.js";
import { useRows } from "../../lib/rows.js";
import { DEFAULT_WINDOW, isWindow, windowOf } from "../../lib/time-window.js";
import { useParam } from "../../lib/url.js";

/** @param {import("../../lib/api.js").Call} call @param {AbortSignal} signal */
const send = ({ method = "GET", path, params, body }, signal) => request(method, path, { params, body, signal });

/**
 * @returns the parameters of the address with their setters, the selection that every call of the page shares, and the
 *   rows. A filter with a mistake leaves the selection of the last one without.
 */
export function useLogs() {
  const [text, setText] = useParam("q");
  const [range, setRange] = useParam("t", DEFAULT_WINDOW);
  const [sort, setSort] = useParam("sort", NEWEST_FIRST);
  const [turn, setTurn] = useState(0);
  const query = useMemo(() => parseQuery(text, "request log"), [text]);
  const last = useRef(query);
  if (!query.problems.length) last.current = query;
  const sound = last.current;
  // The window begins at one moment for all calls, until something else is asked for.
  const now = useMemo(() => Date.now(), [sound.text, range, sort, turn]);
  const selection = useMemo(() => logSelection(sound, windowOf(range, now)), [sound.text, range, now]);
  /** The moment that everything shown lies before. */
  const end = useRef("");
  const first = useRef(/** @type {{key: string, promise: Promise<void>, done: () => void}} */ ({ key: "", promise: Promise.resolve(), done: () => undefined }));
  const key = JSON.stringify([selection, sort]);
  if (first.current.key !== key) {
    let done = () => undefined;
    const promise = /** @type {Promise<void>} */ (new Promise((resolve) => (done = () => (resolve(), undefined))));
    first.current = { key, promise, done };
    end.current = "";
  }
  const begun = first.current;
  const rows = useRows({
    key,
    pageSize: 100,
    loadPage: async (number, abort) => {
      // Logs that came in since the first page would shift all later ones by a place.
      const pinned = number > 1 && sort === NEWEST_FIRST && end.current && !selection.end_time ? { ...selection, end_time: end.current } : selection;
      const answer = await send(logsPage(pinned, number, sort), abort);
      if (number === 1) {
        const [newest] = answer.results;
        if (begun === first.current) end.current = newest && sort === NEWEST_FIRST ? justAfter(newest.timestamp) : new Date(now).toISOString();
        begun.done();
      }
      return { rows: answer.results };
    },
    // Rows first: the count may take a quarter of a second of a server's processor.
    loadTotal: async (abort) => {
      await begun.promise;
      const { count, is_exact: isExact } = await send(logsCount(selection), abort);
      return { total: count, isExact };
    },
  });
  // Rows first: what is only counted follows them, and is not asked beside them.
  const counted = useRef({ selection, text: sound.text });
  if (!rows.isStale) counted.current = { selection, text: sound.text };
  const [isReady, setIsReady] = useState(false);
  useEffect(() => {
    if (rows.total !== null) setIsReady(true);
  }, [rows.total]);
  return {
    ...{ text, setText, range: isWindow(range) ? range : DEFAULT_WINDOW, setRange, sort, setSort, query, sound, selection, rows, isReady },
    /** What the rows that are shown were asked by. */
    counted: counted.current,
    /** Logs from here on are new. */
    end: () => end.current,
    refresh: () => setTurn((value) => value + 1),
  };
}

/** @typedef {ReturnType<typeof useLogs>} Logs */
