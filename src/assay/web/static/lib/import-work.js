/** Importing a file into a dataset, which is made for it where there is none. */
import { invalidate, request } from "./api.js";
import { mappingOf } from "./import-mapping.js";
import { upload } from "./upload.js";

const TYPES = { jsonl: "application/x-ndjson", json: "application/json", csv: "text/csv" };

/**
 * @typedef {{head: import("./import-file.js").Head, columns: import("./import-mapping.js").Column[], dedupeBy: string, isAborting: boolean}} Plan
 */

/** @param {string} datasetId @param {Plan} plan @returns {import("./api.js").Call} */
export function importCall(datasetId, { head, columns, dedupeBy, isAborting }) {
  return {
    method: "POST",
    path: `/api/datasets/${datasetId}/logs/import-file/`,
    params: {
      format: head.format,
      mapping: JSON.stringify(mappingOf(columns)),
      delimiter: head.format === "csv" && head.delimiter !== "," ? head.delimiter : null,
      dedupe_by: dedupeBy,
      on_error: isAborting ? "abort" : null,
    },
  };
}

/**
 * @param {{file: File, plan: Plan, datasetId: string | null, name: string, signal: AbortSignal, onProgress: (sent: number, total: number) => void}} what
 * @returns {Promise<any>} the answer, with `dataset_id`; nothing is left behind when it throws
 */
export async function importFile({ file, plan, datasetId, name, signal, onProgress }) {
  const made = datasetId ? null : await request("POST", "/api/datasets/", { body: { name, is_empty: true }, signal });
  const id = datasetId ?? made.id;
  try {
    const result = await upload(importCall(id, plan), file, { type: TYPES[plan.head.format], signal, onProgress });
    return { ...result, dataset_id: id };
  } catch (error) {
    if (made) await request("DELETE", `/api/datasets/${id}/`).catch(() => null);
    throw error;
  } finally {
    invalidate("/api/datasets/");
  }
}
