/** The rows of a dataset as the API lists, counts, changes and deletes them. */
import { invalidate, request } from "./api.js";
import { isSameJson } from "./json-path.js";
import { previewOf } from "./preview.js";

/** The parts of a row that hold JSON of any kind. */
export const PAYLOADS = ["input", "output", "expected_output"];
/** All that a person writes in a row. */
export const CONTENT = [...PAYLOADS, "metadata", "metrics"];
/** How a part of the content is called on the pages. @type {Record<string, string>} */
export const LABELS = { input: "Input", output: "Output", expected_output: "Expected", metadata: "Metadata", metrics: "Metrics" };
// What else a copy of a row keeps.
const ATTRIBUTES = [
  "model", "log_type", "status_code", "error_message", "prompt_tokens", "completion_tokens", "cost", "latency",
  "time_to_first_token", "customer_identifier", "session_identifier", "thread_identifier", "custom_identifier",
];

/** @param {string} datasetId */
export const pathOf = (datasetId) => `/api/datasets/${encodeURIComponent(datasetId)}/`;

/**
 * @typedef {{datasetId: string, filters: Record<string, any>, search?: string, sort?: string, version?: string | null,
 *   isFull?: boolean}} Asked `isFull` asks for whole payloads, which columns of JSON paths need
 */

/** The call that lists rows, without a page. @param {Asked} asked @returns {import("./api.js").Call} */
export function listCall({ datasetId, filters, search, sort, version, isFull }) {
  return {
    method: "POST",
    path: `${pathOf(datasetId)}logs/list/`,
    params: { fields: isFull ? null : "preview", sort_by: sort || null, version: version || null },
    body: search ? { filters, search } : { filters },
  };
}

/** One page of rows, without their count. @param {Asked} asked @param {number} number @param {number} size @param {AbortSignal} abort */
export async function loadRows(asked, number, size, abort) {
  const call = listCall(asked);
  const params = { ...call.params, count: "false", page: number, page_size: size };
  const page = await request("POST", call.path, { params, body: call.body, signal: abort });
  return { rows: page.results.map(withoutPayloadCopies) };
}

/** How many rows match. @param {Asked} asked @param {AbortSignal} abort */
export async function countRows(asked, abort) {
  const { filters, search, version, datasetId } = asked;
  const body = search ? { filters, search } : { filters };
  const found = await request("POST", `${pathOf(datasetId)}logs/count/`, { params: { version: version || null }, body, signal: abort });
  return { total: found.count, isExact: found.is_exact };
}

/** A full row names its payloads twice. @param {any} row */
function withoutPayloadCopies({ prompt, completion, ...row }) {
  return row;
}

/** @param {string} datasetId @param {string} rowId @param {string | null} [version] @returns {import("./api.js").Call} */
export const rowCall = (datasetId, rowId, version) => ({ path: `${pathOf(datasetId)}logs/${encodeURIComponent(rowId)}/`, params: { version: version || null } });

/** What can be edited in a row. @param {any} row */
export const contentOf = (row) => Object.fromEntries(CONTENT.map((name) => [name, row[name] ?? (name === "metadata" || name === "metrics" ? {} : null)]));

/** The body of a copy of a row. @param {any} row */
export function copyOf(row) {
  const kept = ATTRIBUTES.filter((name) => row[name] !== null && row[name] !== undefined && row[name] !== "");
  return { ...contentOf(row), ...Object.fromEntries(kept.map((name) => [name, row[name]])) };
}

/**
 * The body of a PATCH that turns one content into another.
 * @param {Record<string, any>} before @param {Record<string, any>} after
 * @returns {Record<string, any>} empty when nothing differs; a metadata key that is gone is null
 */
export function changesBetween(before, after) {
  /** @type {Record<string, any>} */
  const changes = {};
  for (const name of CONTENT) {
    if (isSameJson(before[name], after[name])) continue;
    changes[name] = after[name] ?? null;
    if (name !== "metadata" || !isObject(after.metadata)) continue;
    const gone = Object.keys(before.metadata ?? {}).filter((key) => !(key in after.metadata));
    changes.metadata = { ...after.metadata, ...Object.fromEntries(gone.map((key) => [key, null])) };
  }
  return changes;
}

/** @param {any} value */
const isObject = (value) => value !== null && typeof value === "object" && !Array.isArray(value);

/** What a list shows of a row whose content is this. @param {Record<string, any>} content */
export function shownOf(content) {
  /** @type {Record<string, any>} */
  const shown = {};
  for (const name of Object.keys(content)) {
    if (!CONTENT.includes(name)) continue;
    shown[name] = content[name];
    if (PAYLOADS.includes(name)) shown[`${name}_preview`] = content[name] === null ? null : previewOf(content[name]);
  }
  return shown;
}

/**
 * Change a row: what is shown changes at once and back again when the server refuses.
 * @param {string} datasetId @param {any} row the row in full @param {Record<string, any>} after its content after the change
 * @param {import("./rows.js").Rows} rows
 * @returns {Promise<boolean>} whether there was anything to change; throws ApiError
 */
export async function changeRow(datasetId, row, after, rows) {
  const before = contentOf(row);
  const changes = changesBetween(before, after);
  if (Object.keys(changes).length === 0) return false;
  rows.patch(row.id, shownOf(after));
  try {
    const changed = await request("PATCH", rowCall(datasetId, row.id).path, { body: changes });
    rows.patch(row.id, { ...shownOf(contentOf(changed)), updated_at: changed.updated_at });
  } catch (error) {
    rows.patch(row.id, shownOf(before));
    throw error;
  }
  invalidate(pathOf(datasetId));
  return true;
}

/** @param {string} datasetId @param {any} body @returns {Promise<string>} the id of the new row; throws ApiError */
export async function createRow(datasetId, body) {
  const answer = await request("POST", `${pathOf(datasetId)}logs/`, { body });
  invalidate(pathOf(datasetId));
  return answer.unique_id;
}

/** Most ids that one call deletes. */
const MOST_IDS = 10_000;

/** @param {string} datasetId @param {string[]} ids @param {boolean} keepalive */
export async function deleteRows(datasetId, ids, keepalive) {
  for (let at = 0; at < ids.length; at += MOST_IDS) {
    await request("DELETE", `${pathOf(datasetId)}logs/delete/`, { body: { log_ids: ids.slice(at, at + MOST_IDS) }, keepalive });
  }
}
