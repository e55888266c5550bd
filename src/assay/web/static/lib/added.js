/** Says that rows were added, and takes them away again when asked. */
import { invalidate, request } from "./api.js";
import { plural } from "./format.js";
import { toast } from "./toast.js";
import { navigate } from "./url.js";

const UNDO_SECONDS = 10;

/**
 * @param {{datasetId: string, name: string, added: number, skipped?: number, versionBefore: number | null, isNew: boolean}} what `isNew` is
 *   a dataset that was made for the rows; without a `versionBefore` there is no way back
 */
export function addedToast({ datasetId, name, added, skipped = 0, versionBefore, isNew }) {
  const text = `Added ${plural(added, "row")}${name ? ` to ${name}` : ""}${skipped ? `; ${plural(skipped, "log")} ${skipped === 1 ? "was" : "were"} there already` : ""}.`;
  const takeBack = async () => {
    try {
      if (isNew) await request("DELETE", `/api/datasets/${datasetId}/`);
      else await request("POST", `/api/datasets/${datasetId}/versions/${versionBefore}/restore/`);
      invalidate("/api/datasets/");
      toast(isNew ? `${name || "The dataset"} is gone again.` : "The rows are gone again, as a new version.");
      if (isNew) navigate("/datasets");
    } catch (error) {
      toast(/** @type {Error} */ (error).message, { kind: "bad" });
    }
  };
  const canUndo = added > 0 && (isNew || versionBefore !== null);
  toast(text, { kind: "good", seconds: UNDO_SECONDS, action: canUndo ? { label: "Undo", run: takeBack } : undefined });
}
