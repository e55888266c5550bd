/** A row written as JSON: what is wrong with it and where, before the server is asked and after it refused. */

/** @typedef {{from: number, to: number, message: string}} Mistake places in the text */

/** Where JSON.parse stopped. @param {string} text @param {Error} error @returns {Mistake} */
function mistakeOf(text, error) {
  const at = /position (\d+)/.exec(error.message)?.[1];
  const line = /line (\d+) column (\d+)/.exec(error.message);
  let from = at === undefined ? -1 : Number(at);
  if (from < 0 && line) from = text.split("\n").slice(0, Number(line[1]) - 1).reduce((sum, each) => sum + each.length + 1, 0) + Number(line[2]) - 1;
  // An end that came too soon has no place of its own: the last character stands for it.
  if (from < 0 || from >= text.length) from = Math.max(0, text.trimEnd().length - 1);
  return { from, to: from + 1, message: `This is no JSON: ${error.message.replace(/ in JSON at position.*$| \(line.*$/, "")}.` };
}

/**
 * Read a row.
 * @param {string} text
 * @returns {{row: Record<string, any> | null, mistakes: Mistake[]}} the row is null when there are mistakes
 */
export function readRow(text) {
  /** @type {any} */
  let row;
  try {
    row = JSON.parse(text);
  } catch (error) {
    return { row: null, mistakes: [mistakeOf(text, /** @type {Error} */ (error))] };
  }
  if (row === null || typeof row !== "object" || Array.isArray(row)) {
    return { row: null, mistakes: [{ from: 0, to: text.length, message: "A row is an object: { \"input\": …, \"output\": … }." }] };
  }
  const mistakes = [];
  for (const name of ["metadata", "metrics"]) {
    const value = row[name];
    if (value !== undefined && value !== null && (typeof value !== "object" || Array.isArray(value))) mistakes.push({ ...placeOf(text, name), message: `${name} is an object of names and values.` });
  }
  return { row: mistakes.length ? null : row, mistakes };
}

/** Where the name of a field stands in the text. @param {string} text @param {string} name */
function placeOf(text, name) {
  const found = text.indexOf(`"${name}"`);
  return found < 0 ? { from: 0, to: 1 } : { from: found, to: found + name.length + 2 };
}

/** What the server said of each field, at its name. @param {string} text @param {Record<string, string[]> | undefined} fields @returns {Mistake[]} */
export const mistakesOf = (text, fields) => Object.entries(fields ?? {}).map(([name, said]) => ({ ...placeOf(text, name), message: said.join(" ") }));

/** The same value with its texts and numbers emptied: the shape for another row. @param {any} value @returns {any} */
export function shapeOf(value) {
  if (Array.isArray(value)) return value.length ? [shapeOf(value[0])] : [];
  if (value !== null && typeof value === "object") {
    return Object.fromEntries(Object.entries(value).slice(0, 100).map(([name, item]) => [name, name === "role" && typeof item === "string" ? item : shapeOf(item)]));
  }
  if (typeof value === "string") return "";
  return typeof value === "number" ? 0 : typeof value === "boolean" ? false : null;
}
