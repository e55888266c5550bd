/** Changing a filter text from outside its bar: facets, charts and values add and take away terms. */
import { readTerms, writeTerm, writeValue } from "./query-text.js";

/** @typedef {import("./query-text.js").Term} Term */
/** @typedef {import("./query-text.js").Value} Value */

/** Whether a value stands for just itself. @param {Value} value */
const isExact = (value) => !value.sign && !value.upper && (value.isQuoted || !value.text.includes("*"));

/** @param {string | number | boolean} value @returns {Value} */
const exactly = (value) => ({ text: String(value), isQuoted: writeValue(value).startsWith('"'), sign: "", upper: null, from: 0, to: 0 });

/** @param {Term[]} terms */
const written = (terms) => terms.map(writeTerm).join(" ");

/** @param {string} key @param {boolean} isExcluded @param {Value[]} values @returns {Term} */
const fieldTerm = (key, isExcluded, values) => ({ kind: "field", key, keyFrom: 0, keyTo: 0, isExcluded, isGroup: values.length > 1, values, from: 0, to: 0 });

/** The values that a text asks for or excludes by `key:value`. @param {string} text @param {string} key @returns {{included: Set<string>, excluded: Set<string>}} */
export function valuesOf(text, key) {
  const found = { included: /** @type {Set<string>} */ (new Set()), excluded: /** @type {Set<string>} */ (new Set()) };
  for (const term of readTerms(text).terms) {
    if (term.key !== key) continue;
    for (const value of term.values) if (isExact(value)) (term.isExcluded ? found.excluded : found.included).add(value.text);
  }
  return found;
}

/**
 * Add `key:value`, beside values of the same key that are there: `key:(a OR b)`. What is not understood in the text
 * is left as it is.
 * @param {string} text
 * @param {string} key
 * @param {string | number | boolean} value
 * @param {{isExcluded?: boolean, operator?: "" | "<" | "<=" | ">" | ">="}} [options]
 */
export function addTerm(text, key, value, { isExcluded = false, operator = "" } = {}) {
  if (operator) return addRange(text, key, operator, value);
  const without = removeTerm(text, key, value);
  const { terms, problems } = readTerms(without);
  const wanted = exactly(value);
  // Before what is not understood: an open bracket or quotation mark would swallow it.
  if (problems.length) return `${writeTerm(fieldTerm(key, isExcluded, [wanted]))} ${without.trim()}`.trim();
  const beside = terms.find((term) => term.key === key && term.isExcluded === isExcluded && term.values.every(isExact));
  if (!beside) return written([...terms, fieldTerm(key, isExcluded, [wanted])]);
  const joined = fieldTerm(key, isExcluded, [...beside.values, wanted]);
  return written(terms.map((term) => (term === beside ? joined : term)));
}

/**
 * Take `key:value` away, included or excluded; without a value every term of the key.
 * @param {string} text
 * @param {string} key
 * @param {string | number | boolean} [value]
 */
export function removeTerm(text, key, value) {
  const { terms, problems } = readTerms(text);
  const kept = terms.map((term) => {
    if (term.key !== key) return term;
    if (value === undefined) return null;
    const values = term.values.filter((each) => !(isExact(each) && each.text === String(value)));
    if (values.length === term.values.length) return term;
    return values.length ? fieldTerm(key, term.isExcluded, values) : null;
  });
  if (kept.every((term, at) => term === terms[at])) return text.trim();
  if (!problems.length) return written(/** @type {Term[]} */ (kept.filter((term) => term !== null)));
  // Something else is not understood: cut out only what was asked for.
  let cut = text;
  [...terms.keys()].reverse().forEach((at) => {
    const term = kept[at];
    if (term !== terms[at]) cut = cut.slice(0, terms[at].from) + (term ? writeTerm(term) : "") + cut.slice(terms[at].to);
  });
  return cut.replace(/\s+/g, " ").trim();
}

/**
 * Bound a key, in place of the bounds it has.
 * @param {string} text
 * @param {string} key
 * @param {"<" | "<=" | ">" | ">=" | ".."} operator `..` with [lower, upper]
 * @param {any} value
 */
export function addRange(text, key, operator, value) {
  const { terms } = readTerms(text);
  let rest = text;
  for (const term of [...terms].reverse()) {
    const isBound = term.key === key && !term.isExcluded && term.values.some((each) => each.sign || each.upper);
    if (isBound) rest = rest.slice(0, term.from) + rest.slice(term.to);
  }
  const [lower, upper] = operator === ".." ? [exactly(value[0]), exactly(value[1])] : [exactly(value), null];
  const bounded = { ...lower, sign: operator === ".." ? /** @type {const} */ ("") : operator, upper };
  return `${rest.replace(/\s+/g, " ").trim()} ${writeTerm(fieldTerm(key, false, [bounded]))}`.trim();
}
