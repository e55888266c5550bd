/** A window of time as the URL writes it: 24h, 7d, all, or two moments joined by two dots. */

/** @typedef {{start_time: string, end_time?: string}} Window as the API takes it */

/** The windows offered by name. @type {Array<{value: string, label: string, seconds: number | null}>} */
export const WINDOWS = [
  { value: "1h", label: "Last hour", seconds: 3_600 },
  { value: "24h", label: "Last 24 hours", seconds: 86_400 },
  { value: "7d", label: "Last 7 days", seconds: 604_800 },
  { value: "30d", label: "Last 30 days", seconds: 2_592_000 },
  { value: "all", label: "All time", seconds: null },
];
export const DEFAULT_WINDOW = "24h";
/** Before every log. */
export const BEGINNING = "1970-01-01T00:00:00Z";
const MOMENT = /^\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}(:\d{2}(\.\d+)?)?Z)?$/;

/** Whether a text is a window. @param {string} text */
export function isWindow(text) {
  if (WINDOWS.some((each) => each.value === text)) return true;
  const [start, end, more] = text.split("..");
  const fits = (/** @type {string | undefined} */ moment) => moment !== undefined && MOMENT.test(moment) && !Number.isNaN(Date.parse(moment));
  return more === undefined && fits(start) && (end === "" || fits(end));
}

/** The API's start and end of a window. @param {string} text @param {number} now in milliseconds @returns {Window} */
export function windowOf(text, now) {
  const named = WINDOWS.find((each) => each.value === text) ?? (isWindow(text) ? null : WINDOWS[1]);
  if (named) return { start_time: named.seconds === null ? BEGINNING : new Date(now - named.seconds * 1000).toISOString() };
  const [start, end] = text.split("..");
  return end ? { start_time: start, end_time: end } : { start_time: start };
}

/** A window as people read it. @param {string} text */
export function windowLabel(text) {
  const named = WINDOWS.find((each) => each.value === text);
  if (named) return named.label;
  const shown = (/** @type {string} */ moment) => new Date(moment).toLocaleString(undefined, { dateStyle: "medium", timeStyle: "short" });
  const [start, end] = text.split("..");
  return end ? `${shown(start)} – ${shown(end)}` : `Since ${shown(start)}`;
}

/** @param {string | Date} start @param {string | Date} end */
export const windowText = (start, end) => `${new Date(start).toISOString()}..${new Date(end).toISOString()}`;
