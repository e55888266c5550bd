/** What can come next in a filter text: keys, then values. */
import { resolveKey } from "./query-fields.js";
import { writeKey, writeValue } from "./query-text.js";

/** @typedef {{kind: "key" | "value", key: string, prefix: string, from: number, to: number}} Place
 *   where the caret is: `from` to `to` is what a completion replaces */
/** @typedef {{label: string, insert: string, detail: string, count: number | null, isWhole: boolean}} Completion
 *   `isWhole` when the term is finished by it */

const IN_GROUP = /(?:^|\s)-?([^\s:"()]+(?:"[^"]*")?):\((?:[^()]*\sOR\s+|\s*)(?:<=|>=|<|>)?("[^"]*|[^\s"()]*)$/;
const IN_VALUE = /(?:^|\s)-?([^\s:"()]+(?:"[^"]*")?):(?:<=|>=|<|>)?("[^"]*|[^\s"()]*)$/;
const IN_KEY = /(?:^|\s)-?([^\s:"()]*)$/;

/** What is being typed at the caret. @param {string} text @param {number} caret @returns {Place | null} null inside a phrase */
export function placeAt(text, caret) {
  const before = text.slice(0, caret);
  const value = IN_GROUP.exec(before) ?? IN_VALUE.exec(before);
  const rest = /^[^\s"():]*"?/.exec(text.slice(caret))?.[0] ?? "";
  if (value) {
    const [, key, typed] = value;
    return { kind: key === "has" ? "key" : "value", key: key.replaceAll('"', ""), prefix: typed.replace(/^"/, ""), from: caret - typed.length, to: caret + rest.length };
  }
  const key = IN_KEY.exec(before);
  if (!key) return null;
  const after = /^[^\s"():]*:?/.exec(text.slice(caret))?.[0] ?? "";
  return { kind: "key", key: "", prefix: key[1], from: caret - key[1].length, to: caret + after.length };
}

/** What a key takes, in a few words. @param {import("./query-fields.js").Kind | undefined} kind */
export function hintOf(kind) {
  return { number: ">0.5  1..2", scores: ">0.5  0..0.6", time: ">2026-01-31  2026-01-01..2026-01-31", boolean: "true or false", text: "name  na*  (a OR b)", json: "value  *part*" }[kind ?? "text"];
}

/**
 * Keys that begin with, or hold, what was typed.
 * @param {Place} place
 * @param {import("./query-fields.js").NounFields} fields
 * @param {string[]} paths observed JSON paths and scores, such as "metadata.customer"
 * @returns {Completion[]}
 */
export function completeKeys(place, fields, paths) {
  const isHas = place.key === "has";
  const typed = place.prefix.toLowerCase();
  const names = [...new Set([...fields.offered, ...(isHas ? [] : ["has"]), ...paths, ...Object.keys(fields.kinds)])].filter((name) => name !== "scores");
  const found = names.filter((name) => name.toLowerCase().includes(typed));
  const ranked = typed ? [...found.filter((name) => name.toLowerCase().startsWith(typed)), ...found.filter((name) => !name.toLowerCase().startsWith(typed))] : found;
  return ranked
    .filter((name) => name !== place.prefix || !isHas)
    .slice(0, typed ? 12 : 16)
    .map((name) => {
      const isRoot = name === "score" || (name === "metadata" && !isHas);
      const kind = name === "score" ? "scores" : resolveKey(name, fields)?.kind;
      return {
        label: isRoot ? `${name}.` : isHas ? name : `${name}:`,
        insert: isRoot ? `${name}.` : isHas ? writeKey(name) : `${writeKey(name)}:`,
        detail: name === "has" ? "has a value" : (hintOf(kind) ?? ""),
        count: null,
        isWhole: isHas,
      };
    });
}

/**
 * Observed values that hold what was typed.
 * @param {Place} place
 * @param {Array<{value: any, count: number | null}>} values most frequent first
 * @returns {Completion[]}
 */
export function completeValues(place, values) {
  const typed = place.prefix.toLowerCase();
  return values
    .filter(({ value }) => String(value).toLowerCase().includes(typed) && String(value) !== "")
    .slice(0, 12)
    .map(({ value, count }) => ({ label: String(value), insert: writeValue(value), detail: "", count, isWhole: true }));
}

/** The text and the caret after a completion was taken. @param {string} text @param {Place} place @param {Completion} completion */
export function complete(text, place, completion) {
  const after = text.slice(place.to);
  const space = completion.isWhole && !/^[\s)]/.test(after) ? " " : "";
  const next = text.slice(0, place.from) + completion.insert + space + after;
  return { text: next, caret: place.from + completion.insert.length + space.length };
}
