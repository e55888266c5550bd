/** Which row of a table is highlighted and which is open in the panel: the open one is in the URL. */
import { useCallback, useEffect, useRef, useState } from "../vendor/preact.js";
import { setParams, where } from "./url.js";

// Browsers refuse more than some 200 changes of the URL in ten seconds, which a held key would reach.
const QUIET_MILLISECONDS = 150;

/**
 * The highlight and the open row of a table. While a row is open, moving the highlight opens the next one.
 * @param {string} [name] of the parameter
 */
export function useRowParam(name = "row") {
  const written = where.value.params.get(name);
  const [current, setCurrent] = useState(written);
  const [opened, setOpened] = useState(written);
  const timer = useRef(0);
  const last = useRef(written);
  useEffect(() => {
    // The browser's own moves, and links, open and close too.
    if (written === last.current) return;
    last.current = written;
    clearTimeout(timer.current);
    setOpened(written);
    if (written !== null) setCurrent(written);
  }, [written]);
  useEffect(() => () => clearTimeout(timer.current), []);

  const write = useCallback((/** @type {string | null} */ id, /** @type {boolean} */ isStep) => {
    clearTimeout(timer.current);
    const set = () => {
      last.current = id;
      setParams({ [name]: id }, { replace: isStep });
    };
    if (isStep) timer.current = window.setTimeout(set, QUIET_MILLISECONDS);
    else set();
  }, []);
  /** Highlight a row. @param {string} id */
  const move = (id) => {
    setCurrent(id);
    if (opened === null || opened === id) return;
    setOpened(id);
    write(id, true);
  };
  /** Open a row in the panel. @param {string} id */
  const open = (id) => {
    setCurrent(id);
    if (opened === id) return;
    setOpened(id);
    write(id, opened !== null);
  };
  const close = () => {
    setOpened(null);
    write(null, false);
  };
  return { current, opened, move, open, close };
}
