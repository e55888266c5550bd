/** Which column of a file becomes which part of a row, and what rows look like then. */

/** @typedef {"input" | "output" | "expected_output" | "metadata" | "ignore"} Role */
/** @typedef {{path: string, role: Role}} Column `path` is a column, a key, or a dotted path into nested objects */

/** @type {Array<{role: Role, label: string, hint: string}>} */
export const ROLES = [
  { role: "input", label: "Input", hint: "what was asked" },
  { role: "output", label: "Output", hint: "what was answered" },
  { role: "expected_output", label: "Expected output", hint: "what is right" },
  { role: "metadata", label: "Metadata", hint: "to filter and slice by" },
  { role: "ignore", label: "Ignore", hint: "left out" },
];

/** @type {Array<[Role, RegExp]>} */
const GUESSES = [
  ["expected_output", /^(expected(_output|_answer)?|ideal(_output)?|gold(en)?|reference|ground_?truth|label|target|correct(_answer)?)$/i],
  ["input", /^(input|inputs|question|prompt|query|messages|user|instruction|request|prompt_messages)$/i],
  ["output", /^(output|outputs|answer|completion|response|prediction|reply|assistant|completion_message)$/i],
  ["ignore", /^(|unnamed: ?\d+|index)$/i],
];

/** @param {string} path @returns {Role} */
function guess(path) {
  const [root] = path.split(".");
  if (path.includes(".") && ["input", "output", "expected_output", "metadata"].includes(root)) return /** @type {Role} */ (root);
  return GUESSES.find(([, shape]) => shape.test(path))?.[0] ?? "metadata";
}

/** What the columns of a file most likely are. @param {string[]} paths @returns {Column[]} */
export function guessColumns(paths) {
  const columns = paths.map((path) => ({ path, role: guess(path) }));
  // Rows need an input: without a name that says so, the first column that is left over is it.
  if (!columns.some((column) => column.role === "input")) {
    const first = columns.find((column) => column.role === "metadata") ?? columns[0];
    if (first) first.role = "input";
  }
  return columns;
}

/** @param {any} value @param {string} path @returns {{isThere: boolean, value: any}} */
export function valueAt(value, path) {
  if (value !== null && typeof value === "object" && Object.hasOwn(value, path)) return { isThere: true, value: value[path] };
  let part = value;
  for (const step of path.split(".")) {
    if (part === null || typeof part !== "object" || Array.isArray(part) || !Object.hasOwn(part, step)) return { isThere: false, value: undefined };
    part = part[step];
  }
  return { isThere: true, value: part };
}

/** The keys of the objects in a column, when it can be split. @param {string} path @param {import("./import-file.js").HeadRecord[]} records */
export function keysWithin(path, records) {
  const keys = new Set();
  for (const { value, problem } of records) {
    const found = problem ? null : valueAt(value, path).value;
    if (found !== null && typeof found === "object" && !Array.isArray(found)) for (const key of Object.keys(found)) keys.add(key);
  }
  return [...keys].filter((key) => key && !key.includes(".")).slice(0, 50);
}

/** Put the parts of a nested column in its place. @param {Column[]} columns @param {string} path @param {string[]} keys @returns {Column[]} */
export const split = (columns, path, keys) =>
  columns.flatMap((column) => (column.path === path ? keys.map((key) => ({ path: `${path}.${key}`, role: column.role })) : [column]));

/** The field of the row that a column becomes: several on one payload become its keys. @param {Column} column @param {Column[]} columns @returns {string | null} */
export function targetOf({ path, role }, columns) {
  if (role === "ignore") return null;
  const name = path.startsWith(`${role}.`) ? path.slice(role.length + 1) : path;
  if (role === "metadata") return path === "metadata" ? "metadata" : `metadata.${name}`;
  const isAlone = columns.filter((column) => column.role === role).length === 1;
  return isAlone && path !== `${role}.${name}` ? role : `${role}.${name}`;
}

/** The API's mapping. @param {Column[]} columns @returns {Record<string, string | null>} */
export const mappingOf = (columns) => Object.fromEntries(columns.map((column) => [column.path, targetOf(column, columns)]));

/**
 * A record as it will be stored.
 * @param {any} value
 * @param {Column[]} columns
 * @returns {{row: Record<string, any>, problem: string}}
 */
export function rowOf(value, columns) {
  /** @type {Record<string, any>} */
  const row = {};
  for (const column of columns) {
    const target = targetOf(column, columns);
    const found = valueAt(value, column.path);
    if (!found.isThere || target === null) continue;
    const [root, ...rest] = target.split(".");
    if (!rest.length) row[root] = root === "metadata" && typeof found.value === "object" ? { ...row[root], ...found.value } : found.value;
    else row[root] = { ...(row[root] ?? {}), [rest.join(".")]: found.value };
  }
  return { row, problem: row.input === undefined || row.input === null ? "It has no input." : "" };
}
