/** The head of a file of rows: its format, its columns, its first records. */
import { cellValue, csvRecords, delimiterOf } from "./csv-head.js";

/** @typedef {{line: number, value: any, problem: string}} HeadRecord `problem` says why a record cannot be read */
/** @typedef {{format: "jsonl" | "json" | "csv", delimiter: string, records: HeadRecord[], columns: string[]}} Head */

const HEAD_BYTES = 512 * 1024;
const LARGEST_JSON_BYTES = 64 * 1024 * 1024;
const MOST_RECORDS = 200;
const MOST_COLUMNS = 200;

/** @param {File} file @returns {Promise<Head>} throws an Error that says what is wrong with the file */
export async function readHead(file) {
  if (file.size === 0) throw new Error("The file is empty.");
  if (/\.(parquet|xlsx?|zip|gz)$/i.test(file.name)) throw new Error(`${file.name} is no text: export it as CSV, JSON or JSONL and drop that.`);
  const isWhole = file.size <= HEAD_BYTES;
  const text = (await file.slice(0, HEAD_BYTES).text()).replace(/^\ufeff/, "");
  if (text.includes("\0")) throw new Error("The file holds binary data: export it as CSV, JSON or JSONL.");
  const format = formatOf(file.name, text);
  const delimiter = format === "csv" ? delimiterOf(text) : ",";
  const records = format === "csv" ? csvHead(text, delimiter, isWhole) : format === "jsonl" ? jsonlHead(text, isWhole) : await jsonHead(file);
  if (!records.length) throw new Error("The file holds no rows.");
  return { format, delimiter, records, columns: columnsOf(records) };
}

/** @param {string} name @param {string} text @returns {"jsonl" | "json" | "csv"} */
function formatOf(name, text) {
  if (/\.(csv|tsv)$/i.test(name)) return "csv";
  if (/\.(jsonl|ndjson)$/i.test(name)) return "jsonl";
  const begin = text.trimStart();
  if (begin.startsWith("[")) return "json";
  if (begin.startsWith("{")) return /^\{\s*"logs"\s*:\s*\[/.test(begin) ? "json" : "jsonl";
  return "csv";
}

/** @param {string} text @param {boolean} isWhole @returns {HeadRecord[]} */
function jsonlHead(text, isWhole) {
  const lines = text.split("\n");
  // The last line of a cut text is half a line.
  if (!isWhole && lines.length > 1) lines.pop();
  return lines.slice(0, MOST_RECORDS).flatMap((line, at) => (line.trim() ? [readLine(line, at + 1)] : []));
}

/** @param {string} line @param {number} number @returns {HeadRecord} */
function readLine(line, number) {
  try {
    const value = JSON.parse(line);
    const isObject = value !== null && typeof value === "object" && !Array.isArray(value);
    return { line: number, value, problem: isObject ? "" : "It is no JSON object." };
  } catch (error) {
    return { line: number, value: null, problem: `It is not JSON: ${/** @type {Error} */ (error).message}` };
  }
}

/** @param {string} text @param {string} delimiter @param {boolean} isWhole @returns {HeadRecord[]} */
function csvHead(text, delimiter, isWhole) {
  const [names, ...rows] = csvRecords(text, delimiter, MOST_RECORDS + 1, isWhole);
  const columns = (names ?? []).map((name) => name.trim());
  if (columns.some((name) => name === "") || new Set(columns).size !== columns.length) throw new Error(`The first line must name every column once; it reads: ${columns.join(", ").slice(0, 200)}`);
  return rows.map((cells, at) => ({
    line: at + 2,
    value: Object.fromEntries(columns.flatMap((name, place) => (cells[place] ? [[name, cellValue(cells[place])]] : []))),
    problem: cells.length === columns.length ? "" : `It has ${cells.length} cells, but the header names ${columns.length} columns.`,
  }));
}

/** @param {File} file @returns {Promise<HeadRecord[]>} */
async function jsonHead(file) {
  if (file.size > LARGEST_JSON_BYTES) throw new Error("A JSON file of this size cannot be shown before it is imported: save it as JSONL, one object a line.");
  /** @type {any} */
  let whole;
  try {
    whole = JSON.parse(await file.text());
  } catch (error) {
    throw new Error(`The file is not JSON: ${/** @type {Error} */ (error).message}`);
  }
  const rows = Array.isArray(whole) ? whole : whole?.logs;
  if (!Array.isArray(rows)) throw new Error('The file must hold a JSON array of rows, or {"logs": [...]}.');
  return rows.slice(0, MOST_RECORDS).map((value, at) => ({ line: at + 1, value, problem: value !== null && typeof value === "object" && !Array.isArray(value) ? "" : "It is no JSON object." }));
}

/** @param {HeadRecord[]} records */
function columnsOf(records) {
  const names = new Set();
  for (const { value, problem } of records) {
    if (problem) continue;
    for (const name of Object.keys(value)) if (names.size < MOST_COLUMNS) names.add(name);
  }
  return [...names];
}
