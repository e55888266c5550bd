/** How numbers and times are written: the same everywhere. */

const integers = new Intl.NumberFormat("en-US");
const compact = new Intl.NumberFormat("en-US", { notation: "compact", maximumFractionDigits: 1 });
const exact = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "long" });
const relative = new Intl.RelativeTimeFormat("en", { numeric: "auto" });
const MISSING = "–";

/** @param {any} value @returns {value is number} */
const isNumber = (value) => typeof value === "number" && Number.isFinite(value);

/** 12,431. @param {number | null | undefined} value */
export const formatInteger = (value) => (isNumber(value) ? integers.format(Math.round(value)) : MISSING);

/** 12.4K. @param {number | null | undefined} value */
export const formatCompact = (value) => (isNumber(value) ? compact.format(value) : MISSING);

/** A score with a fixed number of decimals, so that columns align. @param {number | null | undefined} value */
export function formatScore(value, digits = 2) {
  if (!isNumber(value)) return MISSING;
  if (Math.abs(value) >= 1000) return integers.format(Math.round(value));
  return value.toFixed(Math.abs(value) >= 100 ? Math.min(digits, 1) : digits).replace("-", "−");
}

/** Dollars with two significant digits below a cent's hundred. @param {number | null | undefined} value */
export function formatUsd(value) {
  if (!isNumber(value)) return MISSING;
  if (value === 0) return "$0";
  if (Math.abs(value) >= 1) return `$${value.toLocaleString("en-US", { minimumFractionDigits: 2, maximumFractionDigits: 2 })}`;
  return `$${Number(value.toPrecision(2)).toLocaleString("en-US", { maximumSignificantDigits: 2 })}`;
}

/** 0.92 s, 3 min 5 s. @param {number | null | undefined} seconds */
export function formatSeconds(seconds) {
  if (!isNumber(seconds)) return MISSING;
  if (seconds < 0.001) return `${Math.round(seconds * 1e6)} µs`;
  if (seconds < 0.1) return `${(seconds * 1000).toPrecision(2)} ms`;
  if (seconds < 10) return `${seconds.toFixed(2)} s`;
  if (seconds < 60) return `${seconds.toFixed(1)} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ${Math.round(seconds % 60)} s`;
  return `${Math.floor(seconds / 3600)} h ${Math.round((seconds % 3600) / 60)} min`;
}

/** 96.4 %, of a share from 0 to 1. @param {number | null | undefined} share */
export const formatPercent = (share, digits = 1) =>
  isNumber(share) ? `${(share * 100).toFixed(digits).replace("-", "−")} %` : MISSING;

/** 1.2 MB. @param {number | null | undefined} bytes */
export function formatBytes(bytes) {
  if (!isNumber(bytes)) return MISSING;
  const units = ["B", "KB", "MB", "GB", "TB"];
  let value = bytes;
  let unit = 0;
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return `${unit === 0 || value >= 100 ? Math.round(value) : value.toFixed(1)} ${units[unit]}`;
}

/** The exact time with its zone. @param {string | null | undefined} iso */
export const formatTime = (iso) => (iso ? exact.format(new Date(iso)) : MISSING);

const STEPS = /** @type {Array<[number, Intl.RelativeTimeFormatUnit]>} */ ([
  [60, "second"],
  [3600, "minute"],
  [86_400, "hour"],
  [604_800, "day"],
  [2_629_800, "week"],
  [31_557_600, "month"],
]);

/** "2 hours ago". @param {string | null | undefined} iso */
export function formatAgo(iso, now = Date.now()) {
  if (!iso) return MISSING;
  const seconds = (new Date(iso).getTime() - now) / 1000;
  if (Math.abs(seconds) < 5) return "just now";
  let divisor = 1;
  for (const [limit, unit] of STEPS) {
    if (Math.abs(seconds) < limit) return relative.format(Math.round(seconds / divisor), unit);
    divisor = limit;
  }
  return relative.format(Math.round(seconds / divisor), "year");
}

/** "1 row", "3 rows". @param {number} count @param {string} word @param {string} [many] */
export const plural = (count, word, many = `${word}s`) => `${formatInteger(count)} ${count === 1 ? word : many}`;
