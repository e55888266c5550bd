/** Text of strangers made safe to look at: control characters visible, binary data named instead of shown. */

// Controls except tab and line breaks; bidirectional overrides, which make text lie; spaces without width.
const CONTROLS = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\u200b\u2028\u2029\u202a-\u202e\u2060\u2066-\u2069\ufeff]|\r(?!\n)/g;
const LONE_SURROGATES = /[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g;

/** @param {string} character */
const named = (character) => `⟨U+${character.charCodeAt(0).toString(16).toUpperCase().padStart(4, "0")}⟩`;

/** A text with its control characters named. @param {string} text */
export function visibleText(text) {
  return text.replace(CONTROLS, named).replace(LONE_SURROGATES, "\ufffd");
}

/** @typedef {{kind: "image" | "audio" | "file", type: string, bytes: number, url: string}} Binary what base64 holds; url only of an image that may be shown */

const DATA_URL = /^data:([a-z]+\/[a-z0-9.+-]+)?((?:;[a-z0-9-]+=[^;,]*)*);base64,/i;
const IN_TEXT = /data:[a-z]+\/[a-z0-9.+-]+(?:;[a-z0-9-]+=[^;,\s]*)*;base64,[A-Za-z0-9+/_-]{64,}={0,2}/gi;
// What browsers draw without running anything: no SVG.
const SHOWN = new Set(["image/png", "image/jpeg", "image/gif", "image/webp", "image/avif", "image/bmp"]);
/** How base64 of a known file begins. @type {[string, string][]} */
const BEGINNINGS = [
  ["iVBORw0KGgo", "image/png"],
  ["/9j/", "image/jpeg"],
  ["R0lGOD", "image/gif"],
  ["UklGR", "image/webp"],
  ["JVBERi", "application/pdf"],
  ["SUQz", "audio/mpeg"],
];
const LEAST_BARE = 400;

/**
 * What a text is, when all of it is base64: a data URL, or the bare data of a known kind of file.
 * @param {string} text
 * @param {string} [type] such as "image/png", where it is said beside the data
 * @returns {Binary | null}
 */
export function binaryOf(text, type) {
  const head = DATA_URL.exec(text.slice(0, 200));
  if (head) return described((head[1] ?? "text/plain").toLowerCase(), text.slice(head[0].length));
  if (type && text.length > 0) return described(type.toLowerCase(), text);
  if (text.length < LEAST_BARE || !/^[A-Za-z0-9+/]+$/.test(text.slice(0, LEAST_BARE))) return null;
  const known = BEGINNINGS.find(([beginning]) => text.startsWith(beginning));
  return known ? described(known[1], text) : null;
}

/** @param {string} type @param {string} data @returns {Binary} */
function described(type, data) {
  const padding = data.endsWith("==") ? 2 : data.endsWith("=") ? 1 : 0;
  const bytes = Math.max(0, Math.floor((data.length * 3) / 4) - padding);
  const kind = type.startsWith("image/") ? "image" : type.startsWith("audio/") ? "audio" : "file";
  const isShown = SHOWN.has(type) && /^[A-Za-z0-9+/=\s_-]*$/.test(data);
  return { kind, type, bytes, url: isShown ? `data:${type};base64,${data}` : "" };
}

/**
 * A text in pieces: what is text, and the base64 in it.
 * @param {string} text
 * @returns {(string | Binary)[]}
 */
export function withoutBinary(text) {
  const whole = binaryOf(text);
  if (whole) return [whole];
  if (!text.includes(";base64,")) return [text];
  /** @type {(string | Binary)[]} */
  const pieces = [];
  let from = 0;
  for (const found of text.matchAll(IN_TEXT)) {
    if (found.index > from) pieces.push(text.slice(from, found.index));
    pieces.push(/** @type {Binary} */ (binaryOf(found[0])));
    from = found.index + found[0].length;
  }
  if (from < text.length) pieces.push(text.slice(from));
  return pieces;
}
