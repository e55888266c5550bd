/** The calls that read request logs: which logs, and what is computed over them. */
import { toFilters } from "./query.js";
import { BEGINNING } from "./time-window.js";

/** @typedef {import("./api.js").Call} Call */
/** @typedef {{start_time: string, end_time?: string, filters: Record<string, any>, search?: string}} LogSelection the body that says which logs, in every call the same */

export const PAGE_SIZE = 100;
export const NEWEST_FIRST = "-id";

/** @param {import("./query.js").Query} query without problems @param {import("./time-window.js").Window} window @returns {LogSelection} */
export const logSelection = (query, window) => ({ ...window, ...toFilters(query) });

/** The moment just after another: times of logs have microseconds, which Date has not. @param {string} iso */
export function justAfter(iso) {
  const [, whole, fraction = ""] = /^(.*?)(?:\.(\d+))?Z$/.exec(iso) ?? [];
  const microseconds = Date.parse(`${whole}Z`) * 1000 + Number(fraction.padEnd(6, "0").slice(0, 6)) + 1;
  const rest = microseconds % 1e6;
  return `${new Date((microseconds - rest) / 1000).toISOString().slice(0, 19)}.${String(rest).padStart(6, "0")}Z`;
}

/**
 * One page of logs, as previews.
 * @param {LogSelection} selection @param {number} page from 1 @param {string} sort
 * @returns {Call} a GET where that says all: the document has begun to fetch just this one
 */
export function logsPage(selection, page, sort = NEWEST_FIRST) {
  const { filters, search, ...window } = selection;
  const params = { page, page_size: PAGE_SIZE, count: "false", fields: "preview", ...(sort === NEWEST_FIRST ? {} : { sort_by: sort }) };
  if (Object.keys(filters).length === 0 && !search) return { path: "/api/request-logs/", params: { ...params, ...window } };
  return { method: "POST", path: "/api/request-logs/list/", params, body: selection };
}

/** The same logs in full, for other programs. @param {LogSelection} selection @param {string} sort @returns {Call} */
export const logsExport = (selection, sort = NEWEST_FIRST) => ({
  method: "POST", path: "/api/request-logs/list/", params: sort === NEWEST_FIRST ? undefined : { sort_by: sort }, body: selection,
});

/** @param {LogSelection} selection @returns {Call} */
export const logsCount = (selection) => ({ method: "POST", path: "/api/request-logs/count/", body: selection });
/** Logs over time; all of them from the oldest on, not from the beginning of time. @param {LogSelection} selection @param {number} buckets @returns {Call} */
export function logsHistogram({ start_time: start, ...selection }, buckets = 80) {
  const body = start === BEGINNING ? selection : { start_time: start, ...selection };
  return { method: "POST", path: "/api/request-logs/histogram/", params: { buckets }, body };
}
/** @param {LogSelection} selection @returns {Call} */
export const logsSummary = (selection) => ({ method: "POST", path: "/api/request-logs/summary/", body: selection });
/** @param {LogSelection} selection @param {string} field @param {number} limit @returns {Call} */
export const logsFacet = (selection, field, limit) => ({ method: "POST", path: "/api/request-logs/facets/", params: { fields: field, limit: Math.min(200, limit) }, body: selection });
/** @param {LogSelection} selection @returns {Call} */
export const logsPaths = (selection) => ({ method: "POST", path: "/api/request-logs/schema/paths/", params: { sampled: 500 }, body: selection });
