/** What part of a grid is in view: its size, how far it is scrolled, and how to scroll a row into view. */
import { useCallback, useLayoutEffect, useMemo, useRef, useState } from "../vendor/preact.js";
import { offsetFor, scrollMap } from "./scroll-map.js";

// Fewer pictures than pixels: a step of this many rows draws anew, which the overscan covers.
const STEP_ROWS = 4;
const OVERSCAN = 10;

/**
 * @param {{key: string | null, count: number, rowHeight: number, headHeight: number}} grid heights in pixels; rows of
 *   another `key` begin at the top
 */
export function useGridView({ key, count, rowHeight, headHeight }) {
  const scroller = useRef(/** @type {HTMLDivElement | null} */ (null));
  const [height, setHeight] = useState(0);
  const [lastTop, setTop] = useState(0);
  const viewHeight = Math.max(rowHeight, height - headHeight);
  const map = useMemo(() => scrollMap({ count, rowHeight, viewHeight }), [count, rowHeight, viewHeight]);
  // Before anything is drawn or asked for at the former place.
  const shownKey = useRef(key);
  const isOther = shownKey.current !== null && shownKey.current !== key;
  if (isOther && scroller.current) scroller.current.scrollTop = 0;
  shownKey.current = key;
  const top = isOther ? 0 : lastTop;
  const latest = useRef({ map, rowHeight, viewHeight });
  latest.current = { map, rowHeight, viewHeight };

  const sync = useCallback(() => {
    const at = scroller.current?.scrollTop ?? 0;
    const step = STEP_ROWS * latest.current.rowHeight;
    setTop(latest.current.map.isScaled ? at : Math.floor(at / step) * step);
  }, []);

  useLayoutEffect(() => {
    const element = scroller.current;
    if (!element) return undefined;
    const observer = new ResizeObserver(() => setHeight(element.clientHeight));
    observer.observe(element);
    setHeight(element.clientHeight);
    element.addEventListener("scroll", sync, { passive: true });
    return () => {
      observer.disconnect();
      element.removeEventListener("scroll", sync);
    };
  }, []);
  // A shorter list moves the scroll position by itself.
  useLayoutEffect(sync, [map, key]);

  const scrollTo = useCallback((/** @type {number} */ index) => {
    const element = scroller.current;
    if (!element || index < 0) return;
    const { map: known, ...sizes } = latest.current;
    const offset = known.offsetOf(element.scrollTop);
    const wanted = offsetFor({ index, offset, ...sizes });
    if (wanted === offset) return;
    const scrollTop = known.scrollTopOf(wanted);
    element.scrollTop = wanted > offset ? Math.ceil(scrollTop) : Math.floor(scrollTop);
    sync();
  }, []);

  const exact = scroller.current?.scrollTop ?? top;
  return {
    scroller,
    map,
    scrollTo,
    inView: map.windowOf(exact),
    drawn: map.windowOf(top, OVERSCAN),
    base: map.base(top),
    pageRows: Math.max(1, Math.floor(viewHeight / rowHeight) - 1),
  };
}
