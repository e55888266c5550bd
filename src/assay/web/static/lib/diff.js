/** What differs between two values: words of a text, lines of a long one, and the structure of JSON. */
import { diffArrays, diffLines, diffWords, diffWordsWithSpace } from "../vendor/diff.js";

/**
 * @typedef {"" | "added" | "removed"} Change
 * @typedef {{text: string, change: Change}} TextPart
 * @typedef {{path: string[], kind: "added" | "removed" | "changed", before?: any, after?: any}} JsonChange
 * @typedef {{kind: "same"}
 *   | {kind: "words" | "lines", parts: TextPart[]}
 *   | {kind: "json", changes: JsonChange[], sameCount: number, isCut: boolean}
 *   | {kind: "too-large", bytes: number, limit: number}} Diff
 */

// Beyond these many characters of both texts together the comparison is coarser.
export const MOST_FOR_WORDS = 200_000;
export const MOST_FOR_LINES = 4_000_000;
const MOST_CHANGES = 2_000;
const MOST_ELEMENTS = 300;
const DEEPEST = 200;

/** @param {any} value @returns {value is Record<string, any>} */
const isObject = (value) => typeof value === "object" && value !== null && !Array.isArray(value);
/** @param {any} value */
const isTree = (value) => typeof value === "object" && value !== null;

/**
 * Compare two values: trees by structure, everything else as text.
 * @param {any} before
 * @param {any} after
 * @param {{mode?: "words" | "lines" | "json" | "", milliseconds?: number}} [options] the coarsest way is taken where the
 *   mode asked for would take longer
 * @returns {Diff}
 */
export function compare(before, after, { mode = "", milliseconds = 1_500 } = {}) {
  if ((mode === "" || mode === "json") && isTree(before) && isTree(after)) return diffJson(before, after);
  return diffTexts(textOf(before), textOf(after), mode === "lines" ? "lines" : "words", milliseconds);
}

/** A value as the text that is compared. @param {any} value */
export function textOf(value) {
  if (typeof value === "string") return value;
  return value === null || value === undefined ? "" : JSON.stringify(value, null, 2);
}

/** @param {string} before @param {string} after @param {"words" | "lines"} mode @param {number} timeout @returns {Diff} */
function diffTexts(before, after, mode, timeout) {
  if (before === after) return { kind: "same" };
  const size = before.length + after.length;
  if (mode === "words" && size <= MOST_FOR_WORDS) {
    const parts = words(before, after, timeout);
    if (parts) return { kind: "words", parts };
  }
  if (size <= MOST_FOR_LINES) {
    const parts = diffLines(before, after, { timeout });
    if (parts) return { kind: "lines", parts: parts.map(partOf) };
  }
  return { kind: "too-large", bytes: size, limit: MOST_FOR_LINES };
}

// Scripts that write no spaces between words.
const UNSPACED = /[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff]/;

/** @param {string} before @param {string} after @param {number} timeout @returns {TextPart[] | null} */
function words(before, after, timeout) {
  const isUnspaced = UNSPACED.test(before) && "Segmenter" in Intl;
  const intlSegmenter = isUnspaced ? new Intl.Segmenter(undefined, { granularity: "word" }) : undefined;
  const found = diffWords(before, after, { timeout, ...(intlSegmenter && { intlSegmenter }) });
  if (!found) return null;
  if (found.some((part) => part.added || part.removed)) return found.map(partOf);
  // The same words with other white space between them.
  return diffWordsWithSpace(before, after, { timeout })?.map(partOf) ?? null;
}

/** @param {{value: string, added?: boolean, removed?: boolean}} part @returns {TextPart} */
const partOf = (part) => ({ text: part.value, change: part.added ? "added" : part.removed ? "removed" : "" });

/**
 * What was added, removed and changed between two trees, by path.
 * @param {any} before
 * @param {any} after
 * @returns {Diff}
 */
export function diffJson(before, after) {
  /** @type {{changes: JsonChange[], sameCount: number, isCut: boolean}} */
  const found = { changes: [], sameCount: 0, isCut: false };
  walk(before, after, [], found);
  return found.changes.length === 0 ? { kind: "same" } : { kind: "json", ...found };
}

/** @param {any} before @param {any} after @param {string[]} path @param {{changes: JsonChange[], sameCount: number, isCut: boolean}} found */
function walk(before, after, path, found) {
  if (found.changes.length >= MOST_CHANGES) {
    found.isCut = true;
  } else if (isObject(before) && isObject(after) && path.length < DEEPEST) {
    for (const name of new Set([...Object.keys(before), ...Object.keys(after)])) {
      const deeper = [...path, name];
      if (!Object.hasOwn(after, name)) add(found, { path: deeper, kind: "removed", before: before[name] });
      else if (!Object.hasOwn(before, name)) add(found, { path: deeper, kind: "added", after: after[name] });
      else walk(before[name], after[name], deeper, found);
    }
  } else if (Array.isArray(before) && Array.isArray(after) && path.length < DEEPEST) {
    walkLists(before, after, path, found);
  } else if (before === after || JSON.stringify(before) === JSON.stringify(after)) {
    found.sameCount += 1;
  } else {
    add(found, { path, kind: "changed", before, after });
  }
}

/** @param {{changes: JsonChange[], isCut: boolean}} found @param {JsonChange} change */
function add(found, change) {
  if (found.changes.length < MOST_CHANGES) found.changes.push(change);
  else found.isCut = true;
}

/** @param {any[]} before @param {any[]} after @param {string[]} path @param {{changes: JsonChange[], sameCount: number, isCut: boolean}} found */
function walkLists(before, after, path, found) {
  if (before.length === after.length || before.length + after.length > MOST_ELEMENTS) {
    const most = Math.max(before.length, after.length);
    for (let place = 0; place < most && !found.isCut; place += 1) {
      const deeper = [...path, String(place)];
      if (place >= after.length) add(found, { path: deeper, kind: "removed", before: before[place] });
      else if (place >= before.length) add(found, { path: deeper, kind: "added", after: after[place] });
      else walk(before[place], after[place], deeper, found);
    }
    return;
  }
  const runs = diffArrays(before.map((item) => JSON.stringify(item)), after.map((item) => JSON.stringify(item)));
  let from = 0;
  let to = 0;
  for (let place = 0; place < runs.length; place += 1) {
    const run = runs[place];
    const next = runs[place + 1];
    if (!run.added && !run.removed) {
      found.sameCount += run.count;
      from += run.count;
      to += run.count;
      continue;
    }
    const [gone, come] = run.removed ? [run.count, next?.added ? next.count : 0] : [next?.removed ? next.count : 0, run.count];
    if (gone && come) place += 1;
    // What stands in the same place was changed; the rest came or went.
    for (let step = 0; step < Math.max(gone, come); step += 1) {
      if (step < gone && step < come) walk(before[from + step], after[to + step], [...path, String(to + step)], found);
      else if (step < gone) add(found, { path: [...path, String(from + step)], kind: "removed", before: before[from + step] });
      else add(found, { path: [...path, String(to + step)], kind: "added", after: after[to + step] });
    }
    from += gone;
    to += come;
  }
}
