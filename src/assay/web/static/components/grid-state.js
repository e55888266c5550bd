/** What a grid says when it has no rows: on its way, nothing there, or failed; these are three different things. */
import { html } from "../vendor/preact.js";
import { Problem } from "./problem.js";
import { Skeleton } from "./skeleton.js";

/** @param {{rows: import("../lib/rows.js").Rows, empty?: any, rowHeight: number}} props */
export function GridState({ rows, empty }) {
  if (rows.error !== null && (rows.total ?? 0) === 0) {
    return html`<div class="grid-state"><${Problem} error=${rows.error} retry=${rows.retry} /></div>`;
  }
  if (rows.error !== null) return html`<div class="grid-trouble"><${Problem} error=${rows.error} retry=${rows.retry} isInline=${true} /></div>`;
  if (rows.total === null) return rows.isLoading ? html`<div class="grid-state"><${Skeleton} lines=${12} label="Loading rows" /></div>` : null;
  if (rows.total === 0 && !rows.isStale) return html`<div class="grid-state">${empty}</div>`;
  return null;
}
