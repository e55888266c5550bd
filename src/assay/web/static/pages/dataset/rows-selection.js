/** What can be done with the selected rows of a dataset. */
import { html, useState } from "../../vendor/preact.js";
import { request } from "../../lib/api.js";
import { pathOf, rowCall } from "../../lib/dataset-rows.js";
import { formatInteger } from "../../lib/format.js";
import { NOTHING } from "../../lib/selection.js";
import { toast } from "../../lib/toast.js";
import { Button } from "../../components/button.js";
import { Confirm } from "../../components/confirm.js";
import { copyText } from "../../components/copy-button.js";
import { LazyPart } from "../../components/lazy-part.js";
import { SelectionBar } from "../../components/selection-bar.js";
import { deleteMatching, deleteSoon } from "./deleting.js";

const loadRunEval = () => import("../../components/run-eval-dialog.js").then((module) => module.RunEvalDialog);
const MOST_COPIED = 200;

/**
 * @param {{dataset: any, rows: import("../../lib/rows.js").Rows, asked: import("../../lib/dataset-rows.js").Asked, isFiltered: boolean,
 *   isReadOnly: boolean, selection: import("../../lib/selection.js").Selection, opened: string | null, onClose: () => void,
 *   onSelection: (selection: import("../../lib/selection.js").Selection) => void}} props
 */
export function RowsSelection({ dataset, rows, asked, isFiltered, isReadOnly, selection, onSelection, opened, onClose }) {
  const [open, setOpen] = useState("");
  const matching = { filters: asked.filters, ...(asked.search && { search: asked.search }) };
  const ids = [...selection.ids];
  const fail = (/** @type {any} */ error) => toast(error.message, { kind: "bad" });
  const remove = () => {
    if (selection.isAll && !isFiltered) return setOpen("confirm");
    onSelection(NOTHING);
    if (selection.isAll || (opened && selection.ids.has(opened))) onClose();
    if (selection.isAll) return void deleteMatching(dataset.id, matching).catch(fail);
    return deleteSoon(dataset.id, ids, rows);
  };
  const copy = async () => {
    const found = await Promise.all(ids.map((id) => request("GET", rowCall(dataset.id, id, asked.version).path, { params: { version: asked.version } })));
    await copyText(found.map((row) => JSON.stringify(row)).join("\n"));
    toast(`Copied ${formatInteger(ids.length)} as JSON lines.`);
  };
  const deletesAll = { method: "DELETE", path: `${pathOf(dataset.id)}logs/delete/`, body: { is_deleting_all_logs: true } };
  const filters = selection.isAll ? asked.filters : { id: { operator: "in", value: ids } };
  return html`<${SelectionBar} selection=${selection} onSelection=${onSelection} total=${rows.total} isExact=${rows.isExact}>
      <${Button} onClick=${() => setOpen("run")}>Run eval</${Button}>
      ${!selection.isAll && ids.length <= MOST_COPIED && html`<${Button} onClick=${() => copy().catch(fail)}>Copy JSON</${Button}>`}
      ${!isReadOnly && html`<${Button} kind="danger" onClick=${remove}>Delete</${Button}>`}
    </${SelectionBar}>
    ${open === "run" && html`<${LazyPart} load=${loadRunEval} dataset=${dataset} filters=${filters} onClose=${() => setOpen("")} />`}
    ${open === "confirm" &&
    html`<${Confirm} title="Delete all rows?" action="Delete all rows" typed=${dataset.name} call=${deletesAll} onClose=${() => setOpen("")}
      text=${`All ${formatInteger(rows.total)} rows of ${dataset.name} go. Earlier versions keep them, and reports stay.`}
      onConfirm=${async () => {
        await deleteMatching(dataset.id, null);
        onSelection(NOTHING);
        onClose();
      }} />`}`;
}
