/** What is selected in a grid: rows by id, or all that match. */

/** @typedef {{ids: Set<string>, isAll: boolean}} Selection with `isAll`, every row that the filter finds; `ids` is then empty */

/** @type {Selection} */
export const NOTHING = { ids: new Set(), isAll: false };
/** @type {Selection} */
export const EVERYTHING = { ids: new Set(), isAll: true };

/** @param {Selection} selection @param {string} id */
export const isSelected = (selection, id) => selection.isAll || selection.ids.has(id);

/** @param {Selection} selection */
export const isNothing = (selection) => !selection.isAll && selection.ids.size === 0;

/** How many rows are selected. @param {Selection} selection @param {number | null} total */
export const countOf = (selection, total) => (selection.isAll ? (total ?? 0) : selection.ids.size);

/**
 * Select a row or take it out; out of all, the loaded rows without it stay.
 * @param {Selection} selection @param {string} id @param {() => string[]} loaded ids of the loaded rows
 * @returns {Selection}
 */
export function toggled(selection, id, loaded) {
  const ids = new Set(selection.isAll ? loaded() : selection.ids);
  if (!ids.delete(id)) ids.add(id);
  return { ids, isAll: false };
}

/** @param {Selection} selection @param {Iterable<string>} more @returns {Selection} */
export const withIds = (selection, more) => ({ ids: new Set([...selection.ids, ...more]), isAll: false });

/** @param {Selection} selection @param {Iterable<string>} gone @returns {Selection} */
export function withoutIds(selection, gone) {
  const ids = new Set(selection.ids);
  for (const id of gone) ids.delete(id);
  return { ids, isAll: false };
}
