/** The URL as state: what is shown is what the address says. */
import { signal } from "../vendor/preact.js";

const meta = document.querySelector('meta[name="assay-base"]')?.getAttribute("content") ?? "";
/** The prefix before `/api` and `/ui`, empty unless a proxy serves Assay below a path. */
export const BASE = meta.replace(/\/$/, "");
const ROOT = `${BASE}/ui`;

/** @typedef {{path: string, params: URLSearchParams}} Where */

/** @returns {Where} */
function read() {
  const path = location.pathname.startsWith(ROOT) ? location.pathname.slice(ROOT.length) : location.pathname;
  return { path: path.replace(/\/+$/, "") || "/", params: new URLSearchParams(location.search) };
}

/** Where the user is: the path below /ui, and the parameters. */
export const where = signal(read());

/** Asked before a page is left; a text is the question to the user. @type {Set<() => string | null>} */
const guards = new Set();

/**
 * Ask `question` for a text before the page is left; null lets go.
 * @param {() => string | null} question
 * @returns {() => void} what takes the guard away
 */
export function guardLeaving(question) {
  guards.add(question);
  return () => guards.delete(question);
}

/** @param {string} path @returns {boolean} */
function mayLeave(path) {
  if (path.split("?")[0] === where.peek().path) return true;
  const questions = [...guards].map((guard) => guard()).filter((text) => text !== null);
  return questions.every((text) => window.confirm(text));
}

/**
 * The address of a page, for a link.
 * @param {string} path below /ui
 * @param {Record<string, string | number | null | undefined>} [params] empty ones are left out
 */
export function href(path, params) {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(params ?? {})) {
    if (value !== null && value !== undefined && value !== "") query.set(name, String(value));
  }
  const text = query.toString();
  return ROOT + path + (text ? `?${text}` : "");
}

/**
 * Go to a page without loading the document anew.
 * @param {string} target path below /ui, with its query
 * @param {{replace?: boolean}} [options]
 */
export function navigate(target, { replace = false } = {}) {
  if (!mayLeave(target)) return;
  const leaves = target.split("?")[0] !== where.peek().path;
  history[replace ? "replaceState" : "pushState"]({}, "", ROOT + target);
  where.value = read();
  if (leaves) window.scrollTo(0, 0);
}

/**
 * Change parameters of the URL; null or "" takes one away.
 * @param {Record<string, string | number | null>} changes
 * @param {{replace?: boolean}} [options] replace while typing, push on commit
 */
export function setParams(changes, { replace = false } = {}) {
  const { path, params } = where.peek();
  const next = new URLSearchParams(params);
  for (const [name, value] of Object.entries(changes)) {
    if (value === null || value === "") next.delete(name);
    else next.set(name, String(value));
  }
  if (next.toString() === params.toString()) return;
  const text = next.toString();
  history[replace ? "replaceState" : "pushState"]({}, "", ROOT + path + (text ? `?${text}` : ""));
  where.value = { path, params: next };
}

/**
 * One parameter of the URL and the function that changes it.
 * @param {string} name
 * @param {string} [fallback] what an absent parameter means; setting it takes the parameter away
 * @returns {[string, (value: string | number | null, options?: {replace?: boolean}) => void]}
 */
export function useParam(name, fallback = "") {
  const value = where.value.params.get(name) ?? fallback;
  return [value, (next, options) => setParams({ [name]: next === fallback ? null : next }, options)];
}

/** Follow the browser's own moves, and turn clicks on links to pages into moves of ours. */
export function followLocation() {
  window.addEventListener("popstate", () => {
    const next = read();
    if (next.path !== where.peek().path && !mayLeave(next.path)) history.forward();
    else where.value = next;
  });
  window.addEventListener("beforeunload", (event) => {
    if ([...guards].some((guard) => guard() !== null)) event.preventDefault();
  });
  document.addEventListener("click", (event) => {
    if (event.defaultPrevented || event.button !== 0) return;
    if (event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    const link = /** @type {Element} */ (event.target).closest?.("a[href]");
    if (!(link instanceof HTMLAnchorElement) || link.target || link.hasAttribute("download")) return;
    if (link.origin !== location.origin || !(link.pathname === ROOT || link.pathname.startsWith(`${ROOT}/`))) return;
    if (link.pathname.startsWith(`${ROOT}/login`)) return;
    // To a place on this page: the browser's own way moves the focus too.
    if (link.hash && link.pathname === location.pathname) return;
    event.preventDefault();
    navigate(link.pathname.slice(ROOT.length) + link.search);
  });
}
