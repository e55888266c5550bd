/** What can be done with a dataset from its head, and the dialogs for it. */
import { html, useState } from "../../vendor/preact.js";
import { invalidate } from "../../lib/api.js";
import { pathOf } from "../../lib/dataset-rows.js";
import { Button } from "../../components/button.js";
import { LazyPart } from "../../components/lazy-part.js";
import { Menu } from "../../components/menu.js";

/** @type {Record<string, () => Promise<any>>} */
const DIALOGS = {
  row: () => import("./new-row-dialog.js").then((module) => module.NewRowDialog),
  import: () => import("../../components/import-dialog.js").then((module) => module.ImportDialog),
  sample: () => import("../../components/sample-dialog.js").then((module) => module.SampleDialog),
  run: () => import("../../components/run-eval-dialog.js").then((module) => module.RunEvalDialog),
};

/** @param {{dataset: any, tab: string, dialog: string, onDialog: (dialog: string) => void}} props */
export function DatasetActions({ dataset, tab, dialog, onDialog }) {
  const load = DIALOGS[dialog];
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
    ${load && html`<${LazyPart} key=${dialog} load=${load} dataset=${dataset} onClose=${() => onDialog("")} onDone=${done} />`}`;
}

const loadExport = () => import("./export-rows.js").then((module) => module.ExportRows);

/** The menu of exports, fetched when it is first wanted. @param {{dataset: any}} props */
function ExportRows({ dataset }) {
  const [isWanted, setIsWanted] = useState(false);
  if (isWanted) return html`<${LazyPart} load=${loadExport} dataset=${dataset} />`;
  return html`<${Button} onClick=${() => setIsWanted(true)}>Export<span class="menu-arrow" aria-hidden="true">▾</span></${Button}>`;
}
