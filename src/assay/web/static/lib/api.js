/** Assay's own REST API, as every client calls it. */
import { signal, useLayoutEffect, useState } from "../vendor/preact.js";
import { BASE } from "./url.js";

/** @typedef {{method?: string, path: string, params?: Record<string, any>, body?: any}} Call */

/** What went wrong with a call, in the server's words. */
export class ApiError extends Error {
  /**
   * @param {string} message
   * @param {{status: number, code?: string, fields?: Record<string, string[]>, call: Call, body?: any}} about
   */
  constructor(message, { status, code = "", fields = {}, call, body = null }) {
    super(message);
    this.name = "ApiError";
    this.status = status;
    this.code = code;
    this.fields = fields;
    this.call = call;
    this.body = body;
  }
}

/** Whether an error only says that a newer call took its place. @param {any} error */
export const isAbort = (error) => error?.name === "AbortError";

/** @param {Call} call @returns {string} the address of a call, from the root of the server */
export function addressOf({ path, params }) {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(params ?? {})) {
    if (value !== null && value !== undefined && value !== "") query.set(name, String(value));
  }
  const text = query.toString();
  return BASE + path + (text ? (path.includes("?") ? "&" : "?") + text : "");
}

/** The answer that the document began to fetch before any script ran, once. @param {string} address */
function earlyAnswer(address) {
  const link = /** @type {HTMLLinkElement | null} */ (document.getElementById("first-request"));
  if (!link) return null;
  const early = link.getAttribute("href") ?? "";
  const same = new URL(early, location.origin);
  const wanted = new URL(address, location.origin);
  // The start of a window of time is some milliseconds apart: what the document asked for is as true.
  same.searchParams.delete("start_time");
  wanted.searchParams.delete("start_time");
  same.searchParams.sort();
  wanted.searchParams.sort();
  if (same.href !== wanted.href) return null;
  link.remove();
  return early;
}

/**
 * Call the API.
 * @param {string} method
 * @param {string} path from /api
 * @param {{params?: Record<string, any>, body?: any, signal?: AbortSignal, keepalive?: boolean}} [options] a FormData
 *   body is sent as it is, everything else as JSON
 * @returns {Promise<any>} the answer, null when it has no body; throws ApiError
 */
export async function request(method, path, { params, body, signal: abort, keepalive = false } = {}) {
  const call = { method, path, params, body };
  const isForm = body instanceof FormData || body instanceof Blob;
  /** @type {RequestInit} */
  const init = { method, signal: abort, keepalive, headers: { Accept: "application/json" } };
  if (body !== undefined) {
    init.body = isForm ? body : JSON.stringify(body);
    if (!isForm) init.headers = { Accept: "application/json", "Content-Type": "application/json" };
  }
  let address = addressOf(call);
  if (method === "GET") {
    const early = earlyAnswer(address);
    if (early !== null) {
      address = early;
      // Just as the preload asks, or the browser fetches it twice.
      init.headers = {};
    }
  }
  let answer, text;
  try {
    answer = await fetch(address, init);
    // The server may also end in the middle of its answer.
    text = await answer.text();
  } catch (error) {
    if (isAbort(error)) throw error;
    throw new ApiError("The server does not answer. Is it running?", { status: 0, call });
  }
  if (answer.ok) {
    if (!text) return null;
    return answer.headers.get("Content-Type")?.includes("json") ? JSON.parse(text) : text;
  }
  if (answer.status === 401) signIn();
  throw refusal(answer.status, text, call);
}

/** @param {number} status @param {string} text @param {Call} call */
function refusal(status, text, call) {
  /** @type {any} */
  let body;
  try {
    body = JSON.parse(text);
  } catch {
    return new ApiError(`The server answered ${status}.`, { status, call });
  }
  /** @type {Record<string, string[]>} */
  const fields = {};
  const named = body?.detail && typeof body.detail === "object" ? body.detail : body;
  for (const [name, said] of Object.entries(named ?? {})) {
    if (Array.isArray(said) && said.every((part) => typeof part === "string")) fields[name] = said;
  }
  const sentences = Object.entries(fields).map(([name, said]) => `${name}: ${said.join(" ")}`);
  const message =
    [body?.message, body?.detail, body?.error?.message, body?.error].find((part) => typeof part === "string" && part) ??
    (sentences.join(" ") || `The server answered ${status}.`);
  return new ApiError(message, { status, code: body?.code ?? "", fields, call, body });
}

/** Lead to the page that asks for a key, and back. */
function signIn() {
  if (location.pathname.startsWith(`${BASE}/ui/login`)) return;
  location.assign(`${BASE}/ui/login?next=${encodeURIComponent(location.pathname + location.search)}`);
}

/** Answers to GET, by address, newest last. @type {Map<string, {at: number, answer: Promise<any>}>} */
const remembered = new Map();
const MOST_REMEMBERED = 400;
const FRESH_MILLISECONDS = 2_000;
/** How often something was written below a prefix, so that what is shown asks anew. */
const written = signal(/** @type {Record<string, number>} */ ({}));

/**
 * Forget remembered answers, and have mounted `useRequest`s below the prefix ask anew.
 * @param {string} [prefix] such as "/api/datasets/"; "" is everything
 */
export function invalidate(prefix = "") {
  for (const address of [...remembered.keys()]) {
    if (address.startsWith(BASE + prefix)) remembered.delete(address);
  }
  written.value = { ...written.peek(), [prefix]: (written.peek()[prefix] ?? 0) + 1 };
}

/** @param {string} path */
function writesBelow(path) {
  return Object.entries(written.value).reduce((sum, [prefix, times]) => sum + (path.startsWith(prefix) ? times : 0), 0);
}

/** @param {Call} call @param {AbortSignal} abort */
function fetchShared(call, abort) {
  const method = call.method ?? "GET";
  if (method !== "GET") return request(method, call.path, { ...call, signal: abort });
  const address = addressOf(call);
  const known = remembered.get(address);
  if (known && Date.now() - known.at < FRESH_MILLISECONDS) return known.answer;
  const answer = request("GET", call.path, call);
  remembered.set(address, { at: Date.now(), answer });
  answer.catch(() => remembered.delete(address));
  if (remembered.size > MOST_REMEMBERED) remembered.delete(/** @type {string} */ (remembered.keys().next().value));
  return answer;
}

/**
 * What a call answers, kept up to date: the former answer stays while the next one loads.
 * @param {Call | null} call compared by content; null asks nothing
 * @returns {{data: any, error: any, isLoading: boolean, retry: () => void}}
 */
export function useRequest(call) {
  const key = call === null ? null : JSON.stringify([call.method ?? "GET", call.path, call.params, call.body]);
  const [state, setState] = useState(
    /** @type {{data: any, error: any, isLoading: boolean}} */ ({ data: null, error: null, isLoading: key !== null }),
  );
  const [turn, setTurn] = useState(0);
  const writes = call === null ? 0 : writesBelow(call.path);
  useLayoutEffect(() => {
    if (call === null) {
      setState({ data: null, error: null, isLoading: false });
      return undefined;
    }
    const abort = new AbortController();
    setState((last) => ({ ...last, isLoading: true }));
    fetchShared(call, abort.signal).then(
      (data) => abort.signal.aborted || setState({ data, error: null, isLoading: false }),
      (error) =>
        abort.signal.aborted || isAbort(error) || setState((last) => ({ data: last.data, error, isLoading: false })),
    );
    return () => abort.abort();
  }, [key, turn, writes]);
  const retry = () => {
    if (call !== null) remembered.delete(addressOf(call));
    setTurn((last) => last + 1);
  };
  return { ...state, retry };
}

/** @param {string} text */
const quoted = (text) => `'${text.replaceAll("'", "'\\''")}'`;

/** A call as a line for a shell. @param {Call} call */
export function asCurl(call) {
  const method = call.method ?? "GET";
  const url = location.origin + addressOf(call);
  const parts = [`curl ${method === "GET" ? "" : `-X ${method} `}${quoted(url)}`, `  -H "Authorization: Bearer $ASSAY_API_KEY"`];
  if (call.body !== undefined && !(call.body instanceof FormData)) {
    parts.push(`  -H 'Content-Type: application/json'`, `  -d ${quoted(JSON.stringify(call.body, null, 2))}`);
  }
  return parts.join(" \\\n");
}

/** A value as Python writes it. @param {any} value @param {string} indent @returns {string} */
function asLiteral(value, indent = "") {
  if (value === null || value === undefined) return "None";
  if (value === true) return "True";
  if (value === false) return "False";
  if (typeof value !== "object") return JSON.stringify(value);
  const deeper = `${indent}    `;
  const [open, close] = Array.isArray(value) ? "[]" : "{}";
  const items = Array.isArray(value)
    ? value.map((item) => asLiteral(item, deeper))
    : Object.entries(value).map(([name, item]) => `${JSON.stringify(name)}: ${asLiteral(item, deeper)}`);
  if (!items.length) return open + close;
  const line = `${open}${items.join(", ")}${close}`;
  return line.length < 90 - indent.length && !line.includes("\n")
    ? line
    : `${open}\n${items.map((item) => `${deeper}${item},\n`).join("")}${indent}${close}`;
}

/** A call as a Python script that needs nothing but `requests`. @param {Call} call */
export function asPython(call) {
  const method = (call.method ?? "GET").toLowerCase();
  const parts = [
    "import os",
    "import requests",
    "",
    `answer = requests.${method}(`,
    `    ${JSON.stringify(location.origin + addressOf(call))},`,
    `    headers={"Authorization": f"Bearer {os.environ['ASSAY_API_KEY']}"},`,
  ];
  if (call.body !== undefined && !(call.body instanceof FormData)) parts.push(`    json=${asLiteral(call.body, "    ")},`);
  return [...parts, ")", "answer.raise_for_status()", "print(answer.json())"].join("\n");
}
