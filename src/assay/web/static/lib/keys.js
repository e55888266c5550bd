/** The keyboard map: one table makes the handlers, the hints and the sheet of all keys. */
import { html, signal, useLayoutEffect, useRef } from "../vendor/preact.js";
import { hasSingleKeys } from "./settings.js";

/**
 * One action: `keys` are written as KeyboardEvent.key, with `Mod+` for Ctrl or ⌘ and `Shift+`; a space parts the keys
 * of a sequence.
 * @typedef {{id: string, where: string, label: string, keys: string[], isGlobal?: boolean}} KeyEntry
 */

/** @type {KeyEntry[]} */
export const KEYS = [
  { id: "palette", where: "Everywhere", label: "Search and commands", keys: ["Mod+k"], isGlobal: true },
  { id: "filter", where: "Everywhere", label: "Filter", keys: ["/"] },
  { id: "help", where: "Everywhere", label: "All keys", keys: ["?"] },
  { id: "close", where: "Everywhere", label: "Close the topmost thing", keys: ["Escape"] },
  { id: "run", where: "Everywhere", label: "Run or save", keys: ["Mod+Enter"], isGlobal: true },
  { id: "go.start", where: "Everywhere", label: "Go to start", keys: ["g h"] },
  { id: "go.logs", where: "Everywhere", label: "Go to logs", keys: ["g l"] },
  { id: "go.datasets", where: "Everywhere", label: "Go to datasets", keys: ["g d"] },
  { id: "go.reports", where: "Everywhere", label: "Go to reports", keys: ["g r"] },
  { id: "go.evaluators", where: "Everywhere", label: "Go to evaluators", keys: ["g v"] },
  { id: "go.settings", where: "Everywhere", label: "Go to settings", keys: ["g s"] },
  { id: "row.next", where: "Tables", label: "Next row", keys: ["j", "ArrowDown"] },
  { id: "row.previous", where: "Tables", label: "Previous row", keys: ["k", "ArrowUp"] },
  { id: "row.first", where: "Tables", label: "First row", keys: ["Home"] },
  { id: "row.last", where: "Tables", label: "Last row", keys: ["End"] },
  { id: "row.pagedown", where: "Tables", label: "A page down", keys: ["PageDown"] },
  { id: "row.pageup", where: "Tables", label: "A page up", keys: ["PageUp"] },
  { id: "row.open", where: "Tables", label: "Open", keys: ["Enter"] },
  { id: "row.select", where: "Tables", label: "Select", keys: ["x"] },
  { id: "row.selectrange", where: "Tables", label: "Select a range", keys: ["Shift+x"] },
  { id: "row.selectall", where: "Tables", label: "Select all that match", keys: ["Mod+a"] },
  { id: "row.edit", where: "Tables", label: "Edit the cell", keys: ["e"] },
  { id: "row.todataset", where: "Tables", label: "Add to a dataset", keys: ["d"] },
  { id: "row.copy", where: "Tables", label: "Copy as JSON", keys: ["y"] },
  { id: "row.copylink", where: "Tables", label: "Copy a link", keys: ["Shift+y"] },
  { id: "failures", where: "Reports", label: "Failures only", keys: ["f"] },
];

/** @type {Map<string, string[]>} */
const byKey = new Map();
for (const { id, keys } of KEYS) for (const key of keys) byKey.set(key, [...(byKey.get(key) ?? []), id]);
const globals = new Set(KEYS.filter((entry) => entry.isGlobal).map((entry) => entry.id));

/** Mounted handlers, the topmost last. @type {Array<{current: Record<string, (event: KeyboardEvent) => void>}>} */
const stack = [];
/** The first key of a sequence that was begun, for the eye. */
export const begun = signal("");
let begunTimer = 0;

const IS_MAC = /Mac|iPhone|iPad/.test(navigator.platform);
const SEQUENCE_MILLISECONDS = 1_200;

/** @param {KeyboardEvent} event */
function written(event) {
  const isLetter = event.key.length === 1;
  const mod = IS_MAC ? event.metaKey : event.ctrlKey;
  const shift = event.shiftKey && (!isLetter || /[a-z]/i.test(event.key)) ? "Shift+" : "";
  return (mod ? "Mod+" : "") + shift + (isLetter ? event.key.toLowerCase() : event.key);
}

/** Whether keys belong to what has the focus. @param {Element} element */
function isTyping(element) {
  return (
    element.matches("input:not([type=checkbox]):not([type=radio]), textarea, select, [contenteditable=true]") ||
    element.closest("[role=menu], [role=listbox], .cm-editor") !== null
  );
}

/** @param {Element} element @param {string} key */
function isOwnKey(element, key) {
  if (key === "Enter" || key === " ") return element.closest("button, a[href], summary, [role=button]") !== null;
  if (element.matches("input[type=radio], [role=tab], [role=treeitem], [role=separator], [role=slider]")) {
    return /^(Arrow|Home|End|Page)/.test(key);
  }
  return false;
}

/** @param {KeyboardEvent} event */
function dispatch(event) {
  // AltGr writes letters; a held modifier of the other kind belongs to the browser.
  if (event.defaultPrevented || event.isComposing || event.altKey || event.getModifierState("AltGraph")) return;
  if (IS_MAC ? event.ctrlKey : event.metaKey) return;
  const target = /** @type {Element} */ (event.target instanceof Element ? event.target : document.body);
  const key = written(event);
  const isInDialog = target.closest("dialog[open]") !== null || document.querySelector("dialog[open]") !== null;
  const typed = isTyping(target);
  const isPlain = !key.startsWith("Mod+") && event.key.length === 1;
  if (isPlain && (typed || !hasSingleKeys.value)) return;
  if (!isPlain && (typed || isOwnKey(target, event.key))) {
    if (![...(byKey.get(key) ?? [])].some((id) => globals.has(id))) return;
  }
  const sequence = begun.peek() ? `${begun.peek()} ${key}` : key;
  begun.value = "";
  clearTimeout(begunTimer);
  const ids = byKey.get(sequence) ?? [];
  for (const handlers of [...stack].reverse()) {
    for (const id of ids) {
      const handler = handlers.current[id];
      if (!handler || (isInDialog && !globals.has(id))) continue;
      event.preventDefault();
      handler(event);
      return;
    }
  }
  if (!isInDialog && [...byKey.keys()].some((known) => known.startsWith(`${key} `))) {
    begun.value = key;
    begunTimer = window.setTimeout(() => (begun.value = ""), SEQUENCE_MILLISECONDS);
  }
}

window.addEventListener("keydown", dispatch);

/**
 * Answer to keys while the component is there; the one that was mounted last comes first.
 * @param {Record<string, (event: KeyboardEvent) => void>} handlers by the id of KEYS
 * @param {boolean} [isActive]
 */
export function useKeys(handlers, isActive = true) {
  const current = useRef(handlers);
  current.current = handlers;
  // Before the browser draws: a key pressed at what is seen is never lost.
  useLayoutEffect(() => {
    if (!isActive) return undefined;
    stack.push(current);
    return () => void stack.splice(stack.indexOf(current), 1);
  }, [isActive]);
}

/**
 * Keep what is typed for a field that is on its way, so that its letters are not taken for keys of the page.
 * @returns {() => string} lets go, and answers the letters
 */
export function holdLetters() {
  let text = "";
  const hold = (/** @type {KeyboardEvent} */ event) => {
    if (event.ctrlKey || event.metaKey || event.isComposing) return;
    if (event.key.length === 1) text += event.key;
    else if (event.key === "Backspace") text = text.slice(0, -1);
    else if (event.key !== "Enter") return;
    event.preventDefault();
    event.stopImmediatePropagation();
  };
  window.addEventListener("keydown", hold, true);
  return () => {
    window.removeEventListener("keydown", hold, true);
    return text;
  };
}

/** How a key looks. @param {string} key */
export function shownKey(key) {
  /** @type {Record<string, string>} */
  const names = { Mod: IS_MAC ? "⌘" : "Ctrl", ArrowDown: "↓", ArrowUp: "↑", Escape: "Esc", Enter: "⏎" };
  return key
    .split(" ")
    .map((part) => part.split("+").map((word) => names[word] ?? word).join(" "))
    .join(" ");
}

/** The hint of a key: what the table says, or nothing when single keys are off. @param {{id: string}} props */
export function Key({ id }) {
  const key = KEYS.find((entry) => entry.id === id)?.keys[0] ?? "";
  const isSingle = !key.includes("Mod+") && key.split(" ").every((part) => part.length === 1);
  if (!key || (isSingle && !hasSingleKeys.value)) return null;
  return html`<kbd aria-hidden="true">${shownKey(key)}</kbd>`;
}
