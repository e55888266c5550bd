/** One row of a dataset in full, beside the table. */
import { html, useState } from "../../vendor/preact.js";
import { useRequest } from "../../lib/api.js";
import { copyOf, createRow, rowCall } from "../../lib/dataset-rows.js";
import { toast } from "../../lib/toast.js";
import { href, useParam } from "../../lib/url.js";
import { Button } from "../../components/button.js";
import { copyText } from "../../components/copy-button.js";
import { Menu } from "../../components/menu.js";
import { Problem } from "../../components/problem.js";
import { SidePanel } from "../../components/side-panel.js";
import { Skeleton } from "../../components/skeleton.js";
import { deleteSoon } from "./deleting.js";
import { RowEditor } from "./row-editor.js";
import { RowView } from "./row-view.js";

/**
 * @param {{dataset: any, rowId: string, rows: import("../../lib/rows.js").Rows, version: string | null, number: string | null,
 *   onClose: () => void, onPrevious: (() => void) | null, onNext: (() => void) | null, onOpen: (id: string) => void,
 *   onFilter: (path: string, value: any) => void, onColumn: (path: string) => void}} props `number` is the row's place
 */
export default function RowPanel({ dataset, rowId, rows, version, number, onClose, onPrevious, onNext, onOpen, onFilter, onColumn }) {
  const { data, error, retry } = useRequest(rowCall(dataset.id, rowId, version));
  const [edited, setEdited] = useState(/** @type {string | null} */ (null));
  const [mode, setMode] = useParam("mode");
  // While the next row loads, the former one must not be taken for it.
  const row = data?.id === rowId ? data : null;
  const isEditing = edited === rowId && row !== null && version === null;
  const edit = () => setEdited(rowId);
  const remove = () => {
    (onNext ?? onPrevious ?? onClose)();
    deleteSoon(dataset.id, [rowId], rows);
  };
  const duplicate = async () => {
    try {
      const id = await createRow(dataset.id, copyOf(row));
      toast("Duplicated the row; it is the last one now.", { kind: "good", action: { label: "Open it", run: () => onOpen(id) } });
    } catch (caught) {
      toast(/** @type {Error} */ (caught).message, { kind: "bad" });
    }
  };
  const items = [
    { label: "Copy as JSON", key: "row.copy", run: () => copyText(JSON.stringify(row, null, 2)) },
    { label: "Copy link", key: "row.copylink", run: () => copyText(location.href) },
    row?.original_copy_unique_id && { label: "Open the log it came from", href: href(`/logs/${row.original_copy_unique_id}`) },
  ];
  const actions = html`${version === null &&
    html`<${Button} onClick=${edit} isDisabled=${!row || isEditing}>Edit JSON</${Button}>
      <${Button} onClick=${duplicate} isDisabled=${!row}>Duplicate</${Button}>
      <${Button} onClick=${remove}>Delete</${Button}>`}
    <span class="grow"></span><${Menu} kind="icon" label="⋯" name="More for this row" items=${items} />`;
  const title = html`${number ? `#${number}` : "Row"} <span class="muted mono" title=${rowId}>${rowId.slice(-8)}</span>`;
  return html`<${SidePanel} title=${title} name="dataset-row" onClose=${onClose} onPrevious=${onPrevious} onNext=${onNext} actions=${actions}>
    ${isEditing
      ? html`<${RowEditor} key=${rowId} datasetId=${dataset.id} row=${row} rows=${rows} onEnd=${() => setEdited(null)} />`
      : row
        ? html`<${RowView} row=${row} datasetId=${dataset.id} version=${version} mode=${mode} onMode=${(/** @type {string} */ next) => setMode(next, { replace: true })}
            onFilter=${onFilter} onColumn=${onColumn} />`
        : error
          ? html`<${Problem} error=${error} retry=${retry} />`
          : html`<${Skeleton} lines=${10} label="Loading the row" />`}
  </${SidePanel}>`;
}
