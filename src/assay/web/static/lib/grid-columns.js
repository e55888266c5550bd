/** How wide the columns of a grid are. */
import { useMemo } from "../vendor/preact.js";
import { remembered } from "./settings.js";

export const LEAST_WIDTH = 56;
const MOST_WIDTH = 2_000;
const CHECKBOX_WIDTH = 36;
const DEFAULT_WIDTH = 160;
const LEAST_GROWING_WIDTH = 140;

/**
 * @typedef {{
 *   id: string, label: any, name?: string, width?: number, minWidth?: number, grow?: boolean, align?: "start" | "end",
 *   isSortable?: boolean, isPinned?: boolean, isEditable?: boolean, isMono?: boolean, title?: string,
 *   render: (row: any, index: number) => any,
 * }} Column `width` in pixels; one that grows takes what is left over until it is resized; `name` is its accessible name
 *   where the label is none
 */

/**
 * The widths that the user gave, by column id, and the function that sets one (null: as it was at first).
 * @param {string} name of what remembers them
 * @returns {[Record<string, number>, (id: string, width: number | null) => void]}
 */
export function useWidths(name) {
  const widths = remembered(`widths.${name}`, /** @type {Record<string, number>} */ ({}));
  const set = (/** @type {string} */ id, /** @type {number | null} */ width) => {
    const { [id]: _, ...others } = widths.peek();
    widths.value = width === null ? others : { ...others, [id]: width };
  };
  return [widths.value, set];
}

/** @param {Column} column @param {number} width */
export const boundedWidth = (column, width) => Math.round(Math.max(column.minWidth ?? LEAST_WIDTH, Math.min(MOST_WIDTH, width)));

/** @param {Column} column @param {Record<string, number>} widths */
export const widthOf = (column, widths) => widths[column.id] ?? column.width ?? DEFAULT_WIDTH;

/**
 * The widths as custom properties of the grid, so that a resize draws no row anew.
 * @param {Column[]} columns @param {Record<string, number>} widths @param {boolean} hasBoxes
 * @returns {Record<string, string>}
 */
export function columnStyle(columns, widths, hasBoxes) {
  const tracks = hasBoxes ? [`${CHECKBOX_WIDTH}px`] : [];
  let least = hasBoxes ? CHECKBOX_WIDTH : 0;
  let left = least;
  let hasGrowing = false;
  /** @type {Record<string, string>} */
  const style = {};
  columns.forEach((column, at) => {
    const width = widthOf(column, widths);
    const grows = Boolean(column.grow) && widths[column.id] === undefined;
    hasGrowing ||= grows;
    const narrowest = grows ? Math.min(width, column.minWidth ?? LEAST_GROWING_WIDTH) : width;
    tracks.push(grows ? `minmax(${narrowest}px, ${width}fr)` : `${width}px`);
    least += narrowest;
    if (!column.isPinned) return;
    style[`--grid-left-${at}`] = `${left}px`;
    left += width;
  });
  if (!hasGrowing) tracks.push("1fr");
  style["--grid-columns"] = tracks.join(" ");
  style["--grid-width"] = `${least}px`;
  return style;
}

/** @param {Column[]} columns @param {Record<string, number>} widths @param {boolean} hasBoxes */
export const useColumnStyle = (columns, widths, hasBoxes) =>
  useMemo(() => columnStyle(columns, widths, hasBoxes), [columns, widths, hasBoxes]);
