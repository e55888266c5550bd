/** What a value says in one line: its text, not its braces. */
import { visibleText } from "./visible.js";

// Where a value keeps its text, likeliest first.
const NAMES = ["question", "prompt", "query", "text", "content", "messages", "answer", "output", "result"];
const LONGEST_JSON_TEXT = 262_144;
const DEEPEST = 6;

/**
 * One line that stands for a JSON value.
 * @param {any} value
 * @param {number} [most] characters
 * @returns {string} with control characters made visible, "" for null
 */
export function previewOf(value, most = 200) {
  const text = textOf(value, 0) ?? bareJson(value, most);
  // White space is looked at in a window only: a text may have megabytes.
  const line = visibleText(text.slice(0, most * 4)).replace(/\s+/g, " ").trim();
  return line.length > most || text.length > most * 4 ? `${line.slice(0, most - 1)}…` : line;
}

/** @param {any} value @param {number} depth @returns {string | null} */
function textOf(value, depth) {
  if (value === null || value === undefined) return "";
  if (typeof value === "string") return value;
  if (typeof value !== "object") return String(value);
  if (depth > DEEPEST) return null;
  if (Array.isArray(value)) return textOfList(value, depth);
  for (const name of NAMES) {
    if (!Object.hasOwn(value, name)) continue;
    const text = textOf(value[name], depth + 1);
    if (text) return text;
  }
  return null;
}

/** The last message of a list that has a text, or the first text part. @param {any[]} items @param {number} depth */
function textOfList(items, depth) {
  const isMessages = items.some((item) => item && typeof item === "object" && "role" in item);
  const isParts = items.some((item) => item && typeof item === "object" && typeof item.type === "string");
  if (!isMessages && !isParts) return null;
  const inOrder = isMessages ? items.slice(-20).reverse() : items.slice(0, 20);
  for (const item of inOrder) {
    const text = item && typeof item === "object" ? textOf(item, depth + 1) : null;
    if (text) return text;
  }
  return null;
}

/** @param {any} value @param {number} most */
function bareJson(value, most) {
  const text = boundedJson(value, most * 4);
  return /^[[{]/.test(text) && /[\]}]$/.test(text) ? text.slice(1, -1) : text.replace(/^[[{]/, "");
}

/** JSON of at least the first `most` characters of a value, without writing megabytes. @param {any} value @param {number} most */
function boundedJson(value, most) {
  let left = most;
  const text = JSON.stringify(value, (_, item) => {
    if (left <= 0) return typeof item === "object" && item !== null ? null : 0;
    if (typeof item === "string") {
      left -= item.length + 4;
      return item.length > most ? item.slice(0, most) : item;
    }
    left -= 4;
    if (item && typeof item === "object" && !Array.isArray(item)) {
      const names = Object.keys(item);
      return names.length > 100 ? Object.fromEntries(names.slice(0, 100).map((name) => [name, item[name]])) : item;
    }
    return Array.isArray(item) && item.length > 100 ? item.slice(0, 100) : item;
  });
  return text ?? "";
}

/**
 * The JSON that a text holds, when it holds an object or a list.
 * @param {any} value
 * @returns {any} undefined when it is no such text
 */
export function jsonInText(value) {
  if (typeof value !== "string" || value.length > LONGEST_JSON_TEXT || !/^\s*[[{]/.test(value)) return undefined;
  try {
    return JSON.parse(value);
  } catch {
    return undefined;
  }
}
