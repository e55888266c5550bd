/** Where rows stand in a scrolled element: browsers cap an element's height, so tall lists scroll to scale. */

/** Firefox stops at about 17.9 million pixels. */
export const MOST_PIXELS = 15_000_000;
// A row's distance is written from the nearest multiple, so that numbers stay small enough to be exact.
const BLOCK = 10_000;

/**
 * @typedef {{
 *   height: number, isScaled: boolean,
 *   offsetOf: (scrollTop: number) => number,
 *   scrollTopOf: (offset: number) => number,
 *   windowOf: (scrollTop: number, overscan?: number) => {first: number, last: number},
 *   base: (scrollTop: number) => {index: number, top: number},
 * }} ScrollMap `height` is the element's in pixels; an offset is a distance in the list as if it were not scaled;
 *   `windowOf` gives the first and the last row in view; `base` is the row that others are placed from, and its place
 */

/**
 * The map of a list of rows of one height.
 * @param {{count: number, rowHeight: number, viewHeight: number, most?: number}} list heights in pixels
 * @returns {ScrollMap}
 */
export function scrollMap({ count, rowHeight, viewHeight, most = MOST_PIXELS }) {
  const content = count * rowHeight;
  const height = Math.min(content, most);
  const isScaled = content > most;
  const ratio = isScaled ? (content - viewHeight) / (height - viewHeight) : 1;
  const offsetOf = (/** @type {number} */ scrollTop) => Math.max(0, scrollTop) * ratio;
  return {
    height,
    isScaled,
    offsetOf,
    scrollTopOf: (offset) => Math.max(0, Math.min(offset / ratio, height - viewHeight)),
    windowOf(scrollTop, overscan = 0) {
      const offset = offsetOf(scrollTop);
      const first = Math.floor(offset / rowHeight);
      const last = Math.ceil((offset + viewHeight) / rowHeight) - 1;
      return { first: Math.max(0, first - overscan), last: Math.min(count - 1, last + overscan) };
    },
    base(scrollTop) {
      const offset = offsetOf(scrollTop);
      const index = Math.floor(Math.max(0, offset / rowHeight) / BLOCK) * BLOCK;
      return { index, top: index * rowHeight - (offset - Math.max(0, scrollTop)) };
    },
  };
}

/**
 * The offset that brings a row into view with the least movement.
 * @param {{index: number, rowHeight: number, viewHeight: number, offset: number}} about
 */
export function offsetFor({ index, rowHeight, viewHeight, offset }) {
  const top = index * rowHeight;
  if (top < offset) return top;
  return top + rowHeight > offset + viewHeight ? top + rowHeight - viewHeight : offset;
}
