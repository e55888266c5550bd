/** The API call of an import, as text to copy. */
import { html } from "../vendor/preact.js";
import { asCurl } from "../lib/api.js";
import { importCall } from "../lib/import-work.js";
import { mappingOf } from "../lib/import-mapping.js";
import { Snippet } from "./snippet.js";

/** @param {{datasetId: string | null, name: string, fileName: string, plan: import("../lib/import-work.js").Plan}} props */
export function ImportCall({ datasetId, name, fileName, plan }) {
  const id = datasetId ?? "DATASET_ID";
  const file = fileName.replace(/[^\w.-]+/g, "_");
  const make = datasetId ? "" : `${asCurl({ method: "POST", path: "/api/datasets/", body: { name, is_empty: true } })}\n\n`;
  const dataset = datasetId ? `"${datasetId}"` : "dataset.id";
  const curl = `${make}${asCurl(importCall(id, plan))} \\\n  --data-binary @${file}`;
  const sdk = `from assay import Client\n\nclient = Client(base_url="${location.origin}")\n${datasetId ? "" : `dataset = client.datasets.create(${JSON.stringify(name)})\n`}client.dataset_logs.import_file(\n    ${dataset},\n    "${file}",\n    mapping=${JSON.stringify(mappingOf(plan.columns)).replaceAll(":null", ": None")},\n)`;
  return html`<details class="import-call"><summary class="muted small">API call</summary><${Snippet} texts=${{ curl, SDK: sdk }} /></details>`;
}
