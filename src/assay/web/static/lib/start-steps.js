/** The steps of a start as API calls, and the same in the words of the SDK. */
import { asCurl, asPython } from "./api.js";

/** @typedef {{call: import("./api.js").Call, sdk: string}} Step */

const ROW = {
  input: "How long do refunds take?",
  output: "Refunds arrive within five working days.",
  expected_output: "Within five working days.",
  metadata: { topic: "refund" },
};
export const EVALUATORS = ["exact_match", "rouge_l", "word_count"];

/** @param {string} [id] */
const shown = (id) => id ?? "DATASET_ID";

/** Make a key. @returns {Step} */
export const keyStep = () => ({
  call: { method: "POST", path: "/api/keys/", body: { name: "my first key", scopes: ["read", "write"] } },
  sdk: client('key = client.keys.create("my first key", scopes=["read", "write"])\nprint(key.api_key)'),
});

/** Make a dataset. @returns {Step} */
export const datasetStep = () => ({
  call: { method: "POST", path: "/api/datasets/", body: { name: "Refund questions", is_empty: true } },
  sdk: client('dataset = client.datasets.create("Refund questions")\nprint(dataset.id)'),
});

/** Add a row to a dataset. @param {string} [id] @returns {Step} */
export const rowStep = (id) => ({
  call: { method: "POST", path: `/api/datasets/${shown(id)}/logs/`, body: ROW },
  sdk: client(
    `client.dataset_logs.create(\n    "${shown(id)}",\n    input=${JSON.stringify(ROW.input)},\n    output=${JSON.stringify(ROW.output)},\n` +
      `    expected_output=${JSON.stringify(ROW.expected_output)},\n    metadata=${JSON.stringify(ROW.metadata)},\n)`,
  ),
});

/** Run evaluators over a dataset. @param {string} [id] @returns {Step} */
export const runStep = (id) => ({
  call: { method: "POST", path: `/api/datasets/${shown(id)}/eval-reports/create/`, body: { evaluator_slugs: EVALUATORS } },
  sdk: client(`report = client.eval_reports.create("${shown(id)}", ${JSON.stringify(EVALUATORS)})\nprint(report.id)`),
});

/** Read a report. @param {string} [id] @param {string} [report] @returns {Step} */
export const readStep = (id, report) => ({
  call: { path: `/api/datasets/${shown(id)}/eval-reports/${report ?? "REPORT_ID"}/` },
  sdk: client(
    `report = client.eval_reports.wait("${shown(id)}", "${report ?? "REPORT_ID"}")\n` +
      "for part in report.evaluators:\n    print(part.evaluator_slug, part.score)",
  ),
});

/** @param {string} lines */
function client(lines) {
  return `from assay import Client\n\nclient = Client(base_url="${location.origin}")\n${lines}`;
}

/**
 * The texts of a step by tab, with the key in them where it is known.
 * @param {Step} step @param {string} key "" where it is not
 * @returns {Record<string, string>}
 */
export function textsOf({ call, sdk }, key) {
  const curl = asCurl(call);
  const python = asPython(call);
  const texts = { curl, Python: python, SDK: sdk };
  if (!key) return texts;
  return {
    curl: curl.replace("$ASSAY_API_KEY", key),
    Python: python.replace(`f"Bearer {os.environ['ASSAY_API_KEY']}"`, `"Bearer ${key}"`).replace("import os\n", ""),
    SDK: sdk.replace("Client(", `Client(api_key="${key}", `),
  };
}
