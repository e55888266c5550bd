/** What can be done with a dataset from its head, and the dialogs for it. */
import { html, useState } from "../../vendor/preact.js";
import { invalidate } from "../../lib/api.js";
import { pathOf } from "../../lib/dataset-rows.js";
import { Button } from "../../components/button.js";
import { LazyPart } from "../../components/lazy-part.js";
import { Menu } from "../../components/menu.js";

/** @type {Record<string, [() => Promise<any>, string]>} */
const DIALOGS = {
  row: [() => import("./new-row-dialog.js"), "NewRowDialog"],
  import: [() => import("../../components/import-dialog.js"), "ImportDialog"],
  sample: [() => import("../../components/sample-dialog.js"), "SampleDialog"],
  run: [() => import("../../components/run-eval-dialog.js"), "RunEvalDialog"],
};

/** @param {{dataset: any, tab: string, dialog: string, onDialog: (dialog: string) => void}} props */
export function DatasetActions({ dataset, tab, dialog, onDialog }) {
  const [load, name] = DIALOGS[dialog] ?? [];
  const done = () => {
    onDialog("");
    invalidate(pathOf(dataset.id));
  };
  return html`
    ${tab === "rows" &&
    html`<${Menu} label="Add rows" items=${[
        { label: "New row", run: () => onDialog("row") },
        { label: "Import a file", hint: "JSONL, JSON, CSV", run: () => onDialog("import") },
        { label: "Sample from logs", run: () => onDialog("sample") },
      ]} />
      <${ExportRows} dataset=${dataset} />`}
    ${(tab === "rows" || tab === "reports") && html`<${Button} kind="primary" onClick=${() => onDialog("run")}>Run eval</${Button}>`}
    ${load && html`<${LazyPart} key=${dialog} load=${load} name=${name} isQuiet=${true} dataset=${dataset} onClose=${() => onDialog("")} onDone=${done} />`}`;
}

const loadExport = () => import("./export-rows.js");

/** The menu of exports, fetched when it is first wanted. @param {{dataset: any}} props */
function ExportRows({ dataset }) {
  const [isWanted, setIsWanted] = useState(false);
  if (isWanted) return html`<${LazyPart} load=${loadExport} name="ExportRows" isQuiet=${true} dataset=${dataset} />`;
  return html`<${Button} onClick=${() => setIsWanted(true)}>Export<span class="menu-arrow" aria-hidden="true">▾</span></${Button}>`;
}
