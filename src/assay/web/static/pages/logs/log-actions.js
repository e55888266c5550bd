/** What is done with logs: into a dataset, copied, deleted. */
import { html } from "../../vendor/preact.js";
import { LazyPart } from "../../components/lazy-part.js";
import { invalidate, request } from "../../lib/api.js";
import { plural } from "../../lib/format.js";
import { withUndo } from "../../lib/toast.js";

const AT_ONCE = 4;

/**
 * The dialog that adds logs to a dataset: those with the ids, else those that the query finds.
 * @param {{ids: string[] | null, query?: string, range?: string, onClose: () => void}} props
 */
export function AddToDataset({ ids, query, range, onClose }) {
  return html`<${LazyPart} load=${() => import("../../components/sample-dialog.js").then((module) => module.SampleDialog)}
    logIds=${ids} initialQuery=${query ?? ""} timeRange=${range} onClose=${onClose} onDone=${onClose} />`;
}

/** Delete logs one by one, some at a time; the API has no other way. @param {string[]} ids @param {boolean} keepalive */
async function deleteAll(ids, keepalive) {
  const pending = [...ids];
  const work = async () => {
    for (let id = pending.shift(); id !== undefined; id = pending.shift()) await request("DELETE", `/api/request-logs/${encodeURIComponent(id)}/`, { keepalive });
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  invalidate("/api/request-logs/");
}

/** @param {string[]} ids @param {{remove: (ids: string[]) => void, restore: (ids: string[]) => void}} rows */
export function deleteLogs(ids, rows) {
  rows.remove(ids);
  withUndo({ text: `Deleted ${plural(ids.length, "log")}.`, run: (keepalive) => deleteAll(ids, keepalive), undo: () => rows.restore(ids) });
}
