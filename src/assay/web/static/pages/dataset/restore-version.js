/** Going back to a version; the one before can be restored in turn. */
import { html } from "../../vendor/preact.js";
import { invalidate, request } from "../../lib/api.js";
import { pathOf } from "../../lib/dataset-rows.js";
import { formatInteger, plural } from "../../lib/format.js";
import { toast } from "../../lib/toast.js";
import { Confirm } from "../../components/confirm.js";

/** @param {string} datasetId @param {number} number */
async function restore(datasetId, number) {
  const made = await request("POST", `${pathOf(datasetId)}versions/${number}/restore/`);
  invalidate(pathOf(datasetId));
  return made;
}

/** @param {{dataset: any, version: any, onClose: () => void}} props */
export function RestoreVersion({ dataset, version, onClose }) {
  const former = dataset.version;
  const call = { method: "POST", path: `${pathOf(dataset.id)}versions/${version.number}/restore/` };
  const back = () =>
    restore(dataset.id, former).then(
      (made) => toast(`Back to the rows of version ${former}, as version ${made.number}.`, { kind: "good" }),
      (error) => toast(error.message, { kind: "bad" }),
    );
  const confirm = async () => {
    const made = await restore(dataset.id, version.number);
    toast(`Version ${made.number} holds the rows of version ${version.number}.`, { kind: "good", seconds: 10, action: { label: "Undo", run: () => void back() } });
  };
  return html`<${Confirm} title=${`Restore version ${version.number}?`} action="Restore" call=${call} onClose=${onClose} onConfirm=${confirm}
    text=${`A new version gets the ${plural(version.log_count, "row")} of version ${version.number}, in place of the ${formatInteger(dataset.log_count)} that there are now. Nothing is lost: version ${former} stays readable.`} />`;
}
