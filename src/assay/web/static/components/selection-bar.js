/** What can be done with the selected rows: at the foot of a grid while something is selected. */
import { html } from "../vendor/preact.js";
import { formatInteger, plural } from "../lib/format.js";
import { useKeys } from "../lib/keys.js";
import { countOf, EVERYTHING, isNothing, NOTHING } from "../lib/selection.js";

/**
 * @param {{selection: import("../lib/selection.js").Selection, onSelection: (selection: import("../lib/selection.js").Selection) => void,
 *   total: number | null, isExact?: boolean, noun?: string, canSelectAll?: boolean, children: any}} props the children are
 *   the buttons; `total` is how many match the filter
 */
export function SelectionBar({ selection, onSelection, total, isExact = true, noun = "row", canSelectAll = true, children }) {
  const isShown = !isNothing(selection);
  useKeys({ close: () => onSelection(NOTHING) }, isShown);
  if (!isShown) return null;
  const all = `${formatInteger(total)}${isExact ? "" : "+"}`;
  return html`<div class="selection-bar" role="toolbar" aria-label=${`Actions for the selected ${noun}s`}>
    <span class="selection-count" role="status">${selection.isAll ? `All ${all} matching ${noun}s selected` : `${plural(countOf(selection, total), noun)} selected`}</span>
    ${children}
    <span class="grow"></span>
    ${canSelectAll && !selection.isAll && (total ?? 0) > selection.ids.size &&
    html`<button type="button" class="button button-quiet" onClick=${() => onSelection(EVERYTHING)}>Select all ${all} matching</button>`}
    <button type="button" class="button button-quiet" onClick=${() => onSelection(NOTHING)}>Clear</button>
  </div>`;
}
