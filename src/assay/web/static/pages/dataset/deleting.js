/** Deleting rows so that it can be taken back. */
import { invalidate, request } from "../../lib/api.js";
import { deleteRows, pathOf } from "../../lib/dataset-rows.js";
import { plural } from "../../lib/format.js";
import { toast, withUndo } from "../../lib/toast.js";

/** Rows whose time to be taken back is not over, by dataset. @type {Map<string, Set<string>>} */
const pending = new Map();

/** @param {string} datasetId */
export const pendingDeletes = (datasetId) => pending.get(datasetId) ?? [];

/**
 * Take rows out of sight at once, and delete them when they were not taken back.
 * @param {string} datasetId @param {string[]} ids @param {import("../../lib/rows.js").Rows} rows
 */
export function deleteSoon(datasetId, ids, rows) {
  const waiting = pending.get(datasetId) ?? new Set();
  pending.set(datasetId, waiting);
  for (const id of ids) waiting.add(id);
  rows.remove(ids);
  const forget = () => ids.forEach((id) => waiting.delete(id));
  withUndo({
    text: `Deleted ${plural(ids.length, "row")}.`,
    run: (keepalive) => deleteRows(datasetId, ids, keepalive).then(() => {
      forget();
      invalidate(pathOf(datasetId));
    }),
    undo: () => {
      forget();
      rows.restore(ids);
    },
  });
}

/**
 * Delete all rows that match, at once: the version before them is what undoes it.
 * @param {string} datasetId @param {{filters: Record<string, any>, search?: string} | null} matching null for every row
 */
export async function deleteMatching(datasetId, matching) {
  const body = matching ?? { is_deleting_all_logs: true };
  const answer = await request("DELETE", `${pathOf(datasetId)}logs/delete/`, { body });
  invalidate(pathOf(datasetId));
  toast(`Deleted ${plural(answer.deleted_count, "row")}.`, {
    seconds: 10,
    action: { label: "Undo", run: () => void restore(datasetId, answer.restore_version) },
  });
}

/** @param {string} datasetId @param {number} version the newest before the delete */
async function restore(datasetId, version) {
  try {
    const now = await request("GET", pathOf(datasetId));
    if (now.version > version + 1) {
      toast(`The dataset was changed since. Restore version ${version} from its versions if you want those changes gone too.`, { kind: "bad" });
      return;
    }
    await request("POST", `${pathOf(datasetId)}versions/${version}/restore/`);
    toast("The rows are back.", { kind: "good" });
  } catch (error) {
    toast(/** @type {Error} */ (error).message, { kind: "bad" });
  }
  invalidate(pathOf(datasetId));
}
