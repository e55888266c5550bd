/** JSON as a tree that the keyboard walks: search, copy of paths, filters and columns from a value. */
import { html, useEffect, useMemo, useRef, useState } from "../vendor/preact.js";
import { plural } from "../lib/format.js";
import { toast } from "../lib/toast.js";
import { STEP, dotted, findInTree, keyOf, openAtFirst, openTo, rowsOf } from "../lib/tree-rows.js";
import { copyText } from "./copy-button.js";
import { JsonTreeRow } from "./json-tree-row.js";

/** @typedef {import("../lib/tree-rows.js").TreeRow} TreeRow */

// A smaller tree is seen whole.
const LEAST_FOR_SEARCH = 12;
const MOST_OPENED = 100;

/**
 * @param {{value: any, label: string, path?: string, onFilter?: (path: string, value: any) => void,
 *   onColumn?: (path: string) => void}} props `path` goes before the paths that are copied
 */
export function JsonTree({ value, label, path = "", onFilter, onColumn }) {
  const [opened, setOpened] = useState(() => openAtFirst(value));
  const [current, setCurrent] = useState("");
  const [search, setSearch] = useState("");
  const tree = useRef(/** @type {HTMLElement | null} */ (null));
  const before = useRef(value);
  useEffect(() => {
    if (before.current === value) return;
    before.current = value;
    setOpened(openAtFirst(value));
    setCurrent("");
  }, [value]);
  const rows = useMemo(() => rowsOf(value, opened), [value, opened]);
  const found = useMemo(() => (search.length > 1 ? findInTree(value, search) : null), [value, search]);
  const marked = useMemo(() => new Set(found?.paths.map(keyOf)), [found]);
  useEffect(() => {
    if (found?.paths.length) setOpened((last) => openTo(value, last, found.paths.slice(0, MOST_OPENED)));
  }, [found]);
  const at = Math.max(0, rows.findIndex((row) => row.key === current));
  /** @param {number} place */
  const go = (place) => {
    const row = rows[Math.max(0, Math.min(rows.length - 1, place))];
    setCurrent(row.key);
    /** @type {HTMLElement | null | undefined} */ (tree.current?.querySelector(`[data-place="${rows.indexOf(row)}"]`))?.focus();
  };
  /** @param {TreeRow} row @param {boolean} isOpen */
  const toggle = (row, isOpen = !row.isOpen) => {
    if (row.left) return more(row);
    if (!row.isBranch) return;
    const open = new Set(opened.open);
    if (isOpen) open.add(row.key);
    else open.delete(row.key);
    setOpened({ ...opened, open });
  };
  /** @param {TreeRow} row */
  const more = (row) => {
    const key = keyOf(row.path);
    setOpened({ ...opened, shown: new Map(opened.shown).set(key, (opened.shown.get(key) ?? STEP) + STEP) });
  };
  const full = (/** @type {TreeRow} */ row) => dotted([...(path ? [path] : []), ...row.path]);
  const actions = {
    toggle,
    setCurrent,
    copyPath: (/** @type {TreeRow} */ row) => copyText(full(row)).then(() => toast(`Copied ${full(row)}`, { kind: "good" })),
    copyValue: (/** @type {TreeRow} */ row) =>
      copyText(typeof row.value === "string" ? row.value : JSON.stringify(row.value, null, 2)).then(() => toast("Copied the value", { kind: "good" })),
    filter: onFilter && ((/** @type {TreeRow} */ row) => onFilter(full(row), row.value)),
    column: onColumn && ((/** @type {TreeRow} */ row) => onColumn(full(row))),
  };
  return html`<div class="tree">
    ${(rows.length >= LEAST_FOR_SEARCH || search) &&
    html`<${TreeSearch} search=${search} onSearch=${setSearch} found=${found}
      onNext=${() => {
        const places = rows.flatMap((row, place) => (marked.has(row.key) && !row.left ? [place] : []));
        if (places.length) go(places.find((place) => place > at || current === "") ?? places[0]);
      }} />`}
    <div ref=${tree} class="tree-rows" role="tree" aria-label=${label}
      onKeyDown=${(/** @type {KeyboardEvent} */ event) => onKey(event, rows, at, { ...actions, go })}>
      ${rows.map(
        (row, place) => html`<${JsonTreeRow} key=${row.key} row=${row} place=${place} isCurrent=${place === at}
          isMarked=${marked.has(row.key) && !row.left} actions=${actions} />`,
      )}
    </div>
  </div>`;
}

/** @param {KeyboardEvent} event @param {TreeRow[]} rows @param {number} at @param {any} actions */
function onKey(event, rows, at, { go, toggle, copyPath }) {
  // Buttons inside a row keep their keys.
  if (event.altKey || event.ctrlKey || event.metaKey || /** @type {Element} */ (event.target).closest("button")) return;
  const row = rows[at];
  /** @type {Record<string, () => void>} */
  const moves = {
    ArrowDown: () => go(at + 1),
    ArrowUp: () => go(at - 1),
    Home: () => go(0),
    End: () => go(rows.length - 1),
    ArrowRight: () => (row.isBranch && row.isOpen ? go(at + 1) : toggle(row, true)),
    ArrowLeft: () => (row.isOpen ? toggle(row, false) : go(rows.findLastIndex((other, place) => place < at && other.level < row.level))),
    Enter: () => toggle(row),
    " ": () => toggle(row),
    c: () => copyPath(row),
  };
  const move = moves[event.key];
  if (!move) return;
  event.preventDefault();
  event.stopPropagation();
  move();
}

/** @param {{search: string, onSearch: (text: string) => void, found: {paths: string[][], isCut: boolean} | null, onNext: () => void}} props */
function TreeSearch({ search, onSearch, found, onNext }) {
  return html`<div class="tree-search row">
    <input type="search" class="grow" placeholder="Search names and values" aria-label="Search names and values" value=${search}
      onInput=${(/** @type {any} */ event) => onSearch(event.target.value)}
      onKeyDown=${(/** @type {KeyboardEvent} */ event) => event.key === "Enter" && (event.preventDefault(), onNext())} />
    <span class="muted small" role="status">${found && (found.paths.length ? `${plural(found.paths.length, "match", "matches")}${found.isCut ? " or more" : ""}` : "No match")}</span>
  </div>`;
}
