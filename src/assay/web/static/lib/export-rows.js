/** Rows of a list as a file, fetched page by page where the API has no route that sends them all. */
import { request } from "./api.js";

/** @typedef {import("./api.js").Call} Call */

/** What the browser writes at most: beyond it the file would not fit the memory of a small machine. */
export const MOST_ROWS = 50_000;
const PAGE_SIZE = 500;
// What makes a spreadsheet take a cell for a formula (OWASP, "CSV injection").
const FORMULA = /^[=+\-@\t\r]/;
const NUMBER = /^-?\d+(\.\d+)?(e[+-]?\d+)?$/i;

/** One page of a list. @param {Call} call @param {Record<string, any>} place @param {AbortSignal} [signal] */
function ask(call, place, signal) {
  return request(call.method ?? "GET", call.path, { body: call.body, signal, params: { ...call.params, page_size: PAGE_SIZE, ...place } });
}

/**
 * Every row of a list, at most MOST_ROWS, in its order.
 * @param {Call} call the list, without a page
 * @param {{hasCursor?: boolean, onProgress?: (count: number, total: number | null) => void, signal?: AbortSignal}} options
 * @returns {Promise<{rows: any[], isAll: boolean}>}
 */
export async function allRows(call, { hasCursor = false, onProgress, signal }) {
  /** @type {any[]} */
  const rows = [];
  let cursor = "";
  for (let page = 1; rows.length < MOST_ROWS; page += 1) {
    const answer = await ask(call, hasCursor ? { cursor } : { page }, signal);
    rows.push(...answer.results);
    cursor = answer.next_cursor;
    const isLast = hasCursor ? !cursor : !answer.next;
    onProgress?.(rows.length, hasCursor ? null : (answer.total_count ?? null));
    if (isLast) return { rows: rows.slice(0, MOST_ROWS), isAll: rows.length <= MOST_ROWS };
  }
  return { rows: rows.slice(0, MOST_ROWS), isAll: false };
}

/** @param {any} value */
function cell(value) {
  if (value === null || value === undefined) return "";
  const text = typeof value === "object" ? JSON.stringify(value) : String(value);
  const safe = FORMULA.test(text) && !NUMBER.test(text) ? `'${text}` : text;
  return /[",\n\r]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

/** Rows as CSV (RFC 4180), a column for every field that occurs. @param {any[]} rows @returns {Blob} */
export function asCsv(rows) {
  const columns = [...new Set(rows.flatMap((row) => Object.keys(row)))];
  const lines = [columns.map(cell).join(","), ...rows.map((row) => columns.map((name) => cell(row[name])).join(","))];
  return new Blob(lines.map((line) => `${line}\r\n`), { type: "text/csv" });
}

/** Rows as JSONL. @param {any[]} rows @returns {Blob} */
export const asJsonl = (rows) => new Blob(rows.map((row) => `${JSON.stringify(row)}\n`), { type: "application/x-ndjson" });

/** @param {Blob} blob @param {string} name */
export function saveBlob(blob, name) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}
