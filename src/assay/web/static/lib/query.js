/** The filter language: what a text means, and the API's `filters` that say the same. */
import { fieldsOf, nearestKey, resolveKey } from "./query-fields.js";
import { readTerms } from "./query-text.js";

export { addTerm, addRange, removeTerm, valuesOf } from "./query-edit.js";
export { fieldsOf } from "./query-fields.js";

/** @typedef {import("./query-text.js").Value} Value */
/** @typedef {import("./query-text.js").Term} Term */
/** @typedef {import("./query-text.js").QueryProblem} QueryProblem */
/** @typedef {import("./query-fields.js").Kind} Kind */
/** @typedef {{operator: string, value: any[]}} Condition */
/** @typedef {{field: string, all: Condition[]} | {field: string, any: Condition[][]}} Lowered
 *   the conditions of one term: all of them, or any of some groups of them */
/** @typedef {{text: string, terms: Term[], problems: QueryProblem[], lowered: Lowered[], words: string[], fields: import("./query-fields.js").NounFields}} Query */

/** The same as the server's own reading of numbers and times. */
const NUMBER = /^[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?$/;
const DATE = /^\d{4}-\d{2}-\d{2}$/;
const TIME = /^\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?\s*(Z|[+-]\d{2}:?\d{2})?$/i;
const ORDERS = { "<": "lt", "<=": "lte", ">": "gt", ">=": "gte" };

/** @param {string} date such as 2026-01-31 */
function dayAfter(date) {
  return new Date(Date.parse(`${date}T00:00:00Z`) + 86_400_000).toISOString().slice(0, 10);
}

/** Whether the API reads this as a time. @param {string} text */
function isTime(text) {
  if (!DATE.test(text) && !TIME.test(text)) return false;
  const at = new Date(`${text.slice(0, 10)}T00:00:00Z`);
  return !Number.isNaN(at.getTime()) && at.toISOString().startsWith(text.slice(0, 10)) && (DATE.test(text) || !/[T ](2[4-9]|[3-9])/.test(text));
}

/** @param {string} text @param {Kind} kind @param {string} key @returns {any} throws a text that says what is wrong */
function literal(text, kind, key) {
  if (kind === "number") {
    if (!NUMBER.test(text) || !Number.isFinite(Number(text))) throw `“${text}” is not a number; ${key} is compared with numbers, such as ${key}:>0.5.`;
    return Number(text);
  }
  if (kind === "time") {
    if (!isTime(text)) throw `“${text}” is not a time; write ${key}:>2026-01-31 or ${key}:>"2026-01-31 12:00" (UTC).`;
    return text;
  }
  if (kind === "boolean") {
    if (!/^(true|false)$/i.test(text)) throw `“${text}” is neither true nor false.`;
    return text.toLowerCase() === "true";
  }
  return text;
}

/** A bound of a JSON value or a score: a number where it is one. @param {string} text @param {boolean} isQuoted @param {Kind} kind @param {string} key */
function bound(text, isQuoted, kind, key) {
  if (text === "") throw `Write a value after ${key}:`;
  const isLoose = kind === "json" || kind === "scores";
  if (kind === "boolean") throw `${key} is true or false: it has no order.`;
  return isLoose && !isQuoted && NUMBER.test(text) && Number.isFinite(Number(text)) ? Number(text) : literal(text, kind, key);
}

/** @param {string} operator @param {any} value @returns {Condition} */
const condition = (operator, value) => ({ operator, value: [value] });

/** `lower..upper`, both ends included; a date means its whole day. @param {Value} value @param {Kind} kind @param {string} key @returns {Condition[]} */
function range({ text, isQuoted, upper }, kind, key) {
  const end = upper ?? { text: "", isQuoted: false };
  if (text === "" && end.text === "") throw `Write at least one end of the range: ${key}:1..2, ${key}:1.. or ${key}:..2.`;
  const found = [];
  if (text !== "") found.push(condition("gte", bound(text, isQuoted, kind, key)));
  if (end.text !== "") {
    const last = bound(end.text, end.isQuoted, kind, key);
    found.push(kind === "time" && DATE.test(end.text) ? condition("lt", dayAfter(end.text)) : condition("lte", last));
  }
  return found;
}

/** @param {Value} value @param {Kind} kind @param {string} key @returns {Condition[]} */
function ordered({ sign, text, isQuoted }, kind, key) {
  const at = bound(text, isQuoted, kind, key);
  // A date is its whole day: after it begins with the next one.
  if (kind === "time" && DATE.test(text) && (sign === ">" || sign === "<=")) return [condition(sign === ">" ? "gte" : "lt", dayAfter(text))];
  return [condition(ORDERS[/** @type {keyof typeof ORDERS} */ (sign)], at)];
}

/** `*` stands for any text. @param {string} text @param {boolean} isExcluded @param {Kind} kind @param {string} key @returns {Condition} */
function glob(text, isExcluded, kind, key) {
  if (kind === "number" || kind === "time" || kind === "boolean") throw `${key} is no text: * does not apply. Write has:${key} to see whether it is there.`;
  const inner = text.replace(/^\*+|\*+$/g, "");
  if (inner === "") return isExcluded ? { operator: "empty", value: [] } : { operator: "not_empty", value: [] };
  const not = isExcluded ? "not_" : "";
  if (inner.includes("*")) {
    if (isExcluded) throw `A pattern with * in the middle cannot be excluded. Write -${key}:${inner.split("*")[0]}* instead.`;
    const pattern = text.split(/\*+/).map((part) => part.replace(/[\\^$.|?*+()[\]{}]/g, "\\$&")).join(".*");
    return condition("regex", `(?s)^${pattern}$`);
  }
  if (text.startsWith("*") && text.endsWith("*")) return condition(`${not}contains`, inner);
  return condition(text.endsWith("*") ? `${not}startswith` : `${not}endswith`, inner);
}

/** @param {Value} value @param {boolean} isExcluded @param {Kind} kind @param {string} key @returns {Condition[] | {equal: any}} */
function meaningOf(value, isExcluded, kind, key) {
  if (value.sign || value.upper) {
    if (isExcluded) throw `A comparison cannot be excluded: turn it round, such as ${key}:${value.sign.startsWith("<") ? ">=" : "<"}${value.text || "…"}.`;
    if (value.sign && value.upper) throw "Write a comparison or a range, not both.";
    return value.upper ? range(value, kind, key) : ordered(value, kind, key);
  }
  if (!value.isQuoted && value.text.includes("*")) return [glob(value.text, isExcluded, kind, key)];
  if (kind === "time" && DATE.test(value.text) && isTime(value.text)) {
    if (isExcluded) throw `A day cannot be excluded: write ${key}:<${value.text} or ${key}:>${value.text}.`;
    return [condition("gte", value.text), condition("lt", dayAfter(value.text))];
  }
  return { equal: literal(value.text, kind, key) };
}

/** A tag is an item of a list, which is compared as JSON text. @param {Term} term @param {string} name @returns {Lowered} */
function tagged(term, name) {
  const conditions = term.values.map(({ text, isQuoted, sign, upper }) => {
    if (sign || upper || (!isQuoted && text.includes("*"))) throw "A tag is compared as a whole: write tag:name.";
    return condition(term.isExcluded ? "not_contains" : "contains", JSON.stringify(text));
  });
  return term.isExcluded || conditions.length === 1 ? { field: name, all: conditions } : { field: name, any: conditions.map((each) => [each]) };
}

/** @param {Term} term @param {import("./query-fields.js").NounFields} fields @returns {Lowered} throws a text */
function lower(term, fields) {
  if (term.key === "has") {
    if (term.values.length !== 1) throw "has: takes one key.";
    const { name } = known(term.values[0].text, fields);
    return { field: name, all: [{ operator: term.isExcluded ? "empty" : "not_empty", value: [] }] };
  }
  const { name, kind } = known(term.key, fields);
  if (term.key === "tag") return tagged(term, name);
  const meanings = term.values.map((value) => meaningOf(value, term.isExcluded, kind, term.key));
  const equals = meanings.flatMap((each) => (Array.isArray(each) ? [] : [each.equal]));
  const others = meanings.flatMap((each) => (Array.isArray(each) ? [each] : []));
  const groups = [...(equals.length ? [[{ operator: term.isExcluded ? "not" : "", value: equals }]] : []), ...others];
  // None of several is all of their opposites; any of several needs a group of its own.
  return term.isExcluded || groups.length === 1 ? { field: name, all: groups.flat() } : { field: name, any: groups };
}

/** @param {string} key @param {import("./query-fields.js").NounFields} fields */
function known(key, fields) {
  const found = resolveKey(key, fields);
  if (found) return found;
  if (key === "score" || key === "scores") throw `Name the evaluator: score.NAME, such as score.correctness:<0.5.`;
  const near = nearestKey(key, fields);
  const hints = [near ? `Did you mean ${near}?` : "", fields.kinds.metadata ? `A key of the metadata is written metadata.${key}.` : "", "Text to look for goes in quotation marks."];
  throw `A ${fields.noun} has no field “${key}”. ${hints.filter(Boolean).join(" ")}`;
}

/** @param {Term} term @returns {string} the word or phrase for the search; throws a text */
function word(term) {
  const { text, isQuoted } = term.values[0];
  if (term.isExcluded) throw `A word cannot be excluded. Write -output:*${text}* or -input:*${text}*.`;
  if (!isQuoted && (text === "OR" || text === "AND")) throw text === "OR" ? "OR joins values of one key: key:(a OR b)." : "Terms are joined by AND already: leave it out.";
  if (!/[\p{L}\p{N}]/u.test(text)) throw `A search looks for letters and digits; “${text}” has none.`;
  if (!isQuoted && text.includes("*")) throw `A search finds whole words. Write input:*${text.replaceAll("*", "")}* for a part of one.`;
  return text;
}

/**
 * Read a filter text.
 * @param {string} text
 * @param {string | import("./query-fields.js").NounFields} noun such as "request log"
 * @returns {Query} with `problems` for whatever cannot be said in the API; such a query must not be sent
 */
export function parseQuery(text, noun) {
  const fields = fieldsOf(noun);
  const { terms, problems } = readTerms(text);
  const broken = new Set(problems.map((problem) => terms.find((term) => problem.from >= term.from && problem.to <= term.to)));
  /** @type {Lowered[]} */
  const lowered = [];
  /** @type {string[]} */
  const words = [];
  for (const term of terms) {
    if (broken.has(term)) continue;
    try {
      if (term.kind === "word") words.push(word(term));
      else lowered.push(lower(term, fields));
    } catch (said) {
      if (typeof said !== "string") throw said;
      problems.push({ from: term.from, to: term.to, message: said });
    }
  }
  problems.sort((a, b) => a.from - b.from);
  return { text, terms, problems, lowered, words, fields };
}

/**
 * The API's words for a query: the body's `filters`, and `search` where the noun's lists take one.
 * @param {Query} query without problems
 * @returns {{filters: Record<string, any>, search?: string}}
 */
export function toFilters({ lowered, words, fields }) {
  /** @type {Record<string, Condition[]>} */
  const byField = {};
  /** @type {Record<string, any>} */
  const filters = {};
  let bundles = 0;
  for (const each of lowered) {
    if ("all" in each) (byField[each.field] ??= []).push(...each.all);
    else filters[`either_${++bundles}`] = either(each.field, each.any);
  }
  for (const [field, conditions] of Object.entries(byField)) filters[field] = conditions.length === 1 ? conditions[0] : conditions;
  if (fields.words.by === "parameter") {
    return words.length ? { filters, search: words.map((text) => (/^[\p{L}\p{N}_]+$/u.test(text) ? text : `"${text.replaceAll('"', " ")}"`)).join(" ") } : { filters };
  }
  const { operator, fields: searched } = fields.words;
  for (const text of words) {
    filters[`text_${++bundles}`] = { connector: "OR", filter_params: Object.fromEntries(searched.map((field) => [field, condition(operator, text)])) };
  }
  return { filters };
}

/** Any of some groups of conditions on a field. @param {string} field @param {Condition[][]} groups */
function either(field, groups) {
  const rules = groups.map((group) =>
    group.length === 1 ? { field, ...group[0] } : { connector: "AND", filter_params: group.map((each) => ({ field, ...each })) },
  );
  return { connector: "OR", filter_params: rules };
}
