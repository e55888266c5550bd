/** The filter language as text: cutting it into terms, and writing values so that they are read back the same. */

/** @typedef {{text: string, isQuoted: boolean, sign: "" | "<" | "<=" | ">" | ">=", upper: {text: string, isQuoted: boolean} | null, from: number, to: number}} Value
 *   one value of a term; `upper` is the end of a range, whose beginning is `text` */
/** @typedef {{kind: "field" | "word", key: string, keyFrom: number, keyTo: number, isExcluded: boolean, isGroup: boolean, values: Value[], from: number, to: number}} Term
 *   `key:value`, or a word or "phrase" to look for (one value, no key); positions are offsets in the text */
/** @typedef {{from: number, to: number, message: string}} QueryProblem */

const SPACE = /\s/;
const SIGN = /^(<=|>=|<|>)/;

/** @param {string} text @param {number} at the opening quote @returns {{value: string, to: number, isClosed: boolean}} */
function quotedAt(text, at) {
  let value = "";
  let place = at + 1;
  while (place < text.length && text[place] !== '"') {
    if (text[place] === "\\" && (text[place + 1] === '"' || text[place + 1] === "\\")) place += 1;
    value += text[place];
    place += 1;
  }
  return { value, to: Math.min(place + 1, text.length), isClosed: place < text.length };
}

/** @param {string} text @param {number} at @param {(character: string) => boolean} ends */
function runAt(text, at, ends) {
  let to = at;
  while (to < text.length && !ends(text[to])) to += 1;
  return { value: text.slice(at, to), to };
}

/** The key of a term, if one begins here. @param {string} text @param {number} at @returns {{key: string, to: number} | null} `to` is the colon */
function keyAt(text, at) {
  let key = "";
  let place = at;
  while (place < text.length && text[place] !== ":") {
    if (SPACE.test(text[place]) || text[place] === "(" || text[place] === ")") return null;
    if (text[place] === '"') {
      // Only a later part of a path is quoted: metadata."due date":…
      if (!key.endsWith(".")) return null;
      const part = quotedAt(text, place);
      if (!part.isClosed) return null;
      key += part.value;
      place = part.to;
    } else {
      key += text[place];
      place += 1;
    }
  }
  return place < text.length && key ? { key, to: place } : null;
}

/**
 * One value: a sign, then text or "text", then perhaps `..` and the upper end.
 * @param {string} text @param {number} from @param {boolean} isInGroup @param {QueryProblem[]} problems
 * @returns {Value}
 */
function valueAt(text, from, isInGroup, problems) {
  const sign = /** @type {Value["sign"]} */ (SIGN.exec(text.slice(from, from + 2))?.[0] ?? "");
  const ends = (/** @type {string} */ c) => SPACE.test(c) || c === '"' || (isInGroup && (c === ")" || c === "("));
  let place = from + sign.length;
  /** @type {{text: string, isQuoted: boolean}[]} */
  const parts = [];
  while (place < text.length && !(SPACE.test(text[place]) || (isInGroup && /[()]/.test(text[place])))) {
    if (text[place] === '"') {
      const part = quotedAt(text, place);
      if (!part.isClosed) problems.push({ from: place, to: part.to, message: 'The quotation mark is not closed: add " at the end.' });
      parts.push({ text: part.value, isQuoted: true });
      place = part.to;
    } else {
      const run = runAt(text, place, ends);
      const dots = run.value.indexOf("..");
      if (dots >= 0 && !parts.some((part) => part.text === ".." && !part.isQuoted)) {
        if (dots > 0) parts.push({ text: run.value.slice(0, dots), isQuoted: false });
        parts.push({ text: "..", isQuoted: false });
        if (dots + 2 < run.value.length) parts.push({ text: run.value.slice(dots + 2), isQuoted: false });
      } else parts.push({ text: run.value, isQuoted: false });
      place = run.to;
    }
  }
  const dots = parts.findIndex((part) => part.text === ".." && !part.isQuoted);
  const join = (/** @type {typeof parts} */ some) => ({ text: some.map((part) => part.text).join(""), isQuoted: some.some((part) => part.isQuoted) });
  const lower = join(dots < 0 ? parts : parts.slice(0, dots));
  if (lower.isQuoted && parts.length > 1 && dots < 0) {
    problems.push({ from, to: place, message: "Put quotation marks around the whole value." });
  }
  return { ...lower, sign, upper: dots < 0 ? null : join(parts.slice(dots + 1)), from, to: place };
}

/** @param {string} text @param {number} from the bracket @param {QueryProblem[]} problems @returns {{values: Value[], to: number}} */
function groupAt(text, from, problems) {
  /** @type {Value[]} */
  const values = [];
  let place = from + 1;
  let needsOr = false;
  for (;;) {
    while (place < text.length && SPACE.test(text[place])) place += 1;
    if (place >= text.length) {
      problems.push({ from, to: text.length, message: "The bracket is not closed: add ) after the last value." });
      break;
    }
    if (text[place] === ")") {
      if (!needsOr) problems.push({ from, to: place + 1, message: values.length ? "A value is missing after OR." : "Write values between the brackets, joined by OR." });
      place += 1;
      break;
    }
    if (text[place] === "(") {
      problems.push({ from: place, to: place + 1, message: "Brackets stand only once, after a key: key:(a OR b)." });
      place += 1;
      continue;
    }
    const value = valueAt(text, place, true, problems);
    const isOr = value.text === "OR" && !value.isQuoted && !value.sign && !value.upper;
    if (isOr === !needsOr) problems.push({ from: value.from, to: value.to, message: isOr ? "A value is missing before OR." : "Write OR between the values." });
    if (!isOr) values.push(value);
    needsOr = !isOr;
    place = value.to;
  }
  return { values, to: place };
}

/**
 * Cut a filter text into terms.
 * @param {string} text
 * @returns {{terms: Term[], problems: QueryProblem[]}} every character but spaces belongs to a term or a problem
 */
export function readTerms(text) {
  /** @type {Term[]} */
  const terms = [];
  /** @type {QueryProblem[]} */
  const problems = [];
  let place = 0;
  while (place < text.length) {
    if (SPACE.test(text[place])) {
      place += 1;
      continue;
    }
    const from = place;
    const isExcluded = text[place] === "-" && place + 1 < text.length && !SPACE.test(text[place + 1]);
    if (isExcluded) place += 1;
    if (text[place] === "(" || text[place] === ")") {
      problems.push({ from, to: place + 1, message: "Brackets stand only after a key: key:(a OR b)." });
      place += 1;
      continue;
    }
    const found = text[place] === '"' ? null : keyAt(text, place);
    if (found) {
      const at = found.to + 1;
      const isGroup = text[at] === "(";
      const group = isGroup ? groupAt(text, at, problems) : null;
      const value = group || at >= text.length || SPACE.test(text[at]) ? null : valueAt(text, at, false, problems);
      if (!group && !value) problems.push({ from, to: at, message: `Write a value after ${text.slice(place, at)}` });
      const to = group?.to ?? value?.to ?? at;
      terms.push({ kind: "field", key: found.key, keyFrom: place, keyTo: found.to, isExcluded, isGroup, values: group?.values ?? (value ? [value] : []), from, to });
      place = to;
      continue;
    }
    const isPhrase = text[place] === '"';
    const phrase = isPhrase ? quotedAt(text, place) : null;
    const run = phrase ?? runAt(text, place, (c) => SPACE.test(c) || c === '"' || c === "(" || c === ")");
    if (phrase && !phrase.isClosed) problems.push({ from: place, to: phrase.to, message: 'The quotation mark is not closed: add " at the end.' });
    const value = { text: run.value, isQuoted: isPhrase, sign: /** @type {const} */ (""), upper: null, from: place, to: run.to };
    terms.push({ kind: "word", key: "", keyFrom: place, keyTo: place, isExcluded, isGroup: false, values: [value], from, to: run.to });
    place = run.to;
  }
  return { terms, problems };
}

/** A value as it must be typed to mean just itself. @param {string | number | boolean} value @returns {string} */
export function writeValue(value) {
  const text = String(value);
  const isPlain = text !== "" && text !== "OR" && !/[\s"()*\\]|\.\./.test(text) && !SIGN.test(text);
  return isPlain ? text : `"${text.replace(/["\\]/g, "\\$&")}"`;
}

/** A key as it must be typed: parts of a path that need it are quoted. @param {string} key @returns {string} */
export function writeKey(key) {
  if (!/[\s":()\\]/.test(key)) return key;
  const dot = key.indexOf(".");
  if (dot < 0) return key;
  return `${key.slice(0, dot + 1)}"${key.slice(dot + 1).replace(/["\\]/g, "\\$&")}"`;
}

/** A term as text: the shortest that is read back as the same term. @param {Term} term @returns {string} */
export function writeTerm({ kind, key, isExcluded, isGroup, values }) {
  const minus = isExcluded ? "-" : "";
  const one = (/** @type {{text: string, isQuoted: boolean}} */ part) => (part.isQuoted ? `"${part.text.replace(/["\\]/g, "\\$&")}"` : part.text);
  const written = values.map((value) => value.sign + one(value) + (value.upper ? `..${one(value.upper)}` : ""));
  if (kind === "word") return minus + written[0];
  return `${minus}${writeKey(key)}:${isGroup ? `(${written.join(" OR ")})` : (written[0] ?? "")}`;
}
