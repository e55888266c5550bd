/** The keys of a grid: they move the highlight, open, select and copy. */
import { useEffect, useRef } from "../vendor/preact.js";
import { copyText } from "../components/copy-button.js";
import { useKeys } from "./keys.js";
import { EVERYTHING, NOTHING, toggled, withIds } from "./selection.js";
import { toast } from "./toast.js";

/**
 * @param {import("../components/virtual-grid.js").GridProps & {getId: (row: any) => string}} props
 * @param {{scrollTo: (index: number) => void, pageRows: number}} view
 */
export function useGridKeys(props, view) {
  const { rows, getId, current = null, onCurrent, onOpen, onEdit, selection, onSelection, linkOf, isActive = true } = props;
  const total = rows.total ?? 0;
  /** Where the highlight goes as soon as the row is loaded; until then no key leads further. */
  const awaited = useRef(-1);
  /** What was asked of the awaited row meanwhile. */
  const wish = useRef(/** @type {string | null} */ (null));
  const anchor = useRef(/** @type {string | null} */ (null));
  /** The highlight as of the last key, which may come before it is drawn. */
  const cursor = useRef(current);
  cursor.current = current;
  const indexNow = () => (cursor.current === null ? -1 : rows.indexOf(cursor.current));

  // What was meant for a row of another filter or order is forgotten with it.
  useEffect(() => {
    awaited.current = -1;
  }, [rows.key]);
  useEffect(() => {
    if (awaited.current < 0) return;
    const row = rows.at(awaited.current);
    if (!row) {
      if (!rows.isLoading && awaited.current >= total) awaited.current = -1;
      return;
    }
    const asked = wish.current;
    awaited.current = -1;
    wish.current = null;
    onCurrent?.(getId(row));
    if (asked !== null) acts[asked]?.(getId(row), row);
  }, [rows]);

  /** @param {number} wanted */
  const moveTo = (wanted) => {
    if (!onCurrent || (!total && !rows.isLoading)) return;
    const to = Math.max(0, total ? Math.min(total - 1, wanted) : wanted);
    if (awaited.current >= 0 && rows.error === null && Math.abs(to - awaited.current) < 2) return;
    const row = rows.at(to);
    view.scrollTo(to);
    awaited.current = row ? -1 : to;
    wish.current = null;
    if (!row) return;
    cursor.current = getId(row);
    onCurrent(cursor.current);
  };
  const from = () => (awaited.current >= 0 ? awaited.current : indexNow());
  /** What acts on the highlighted row, if there is one; on a row that is on its way once it is there. @param {string} name */
  const withRow = (name) => () => {
    if (awaited.current >= 0) wish.current = name;
    const row = awaited.current < 0 && rows.at(indexNow());
    if (row) acts[name](getId(row), row);
  };

  const select = (/** @type {string} */ id) => {
    if (!selection) return;
    anchor.current = id;
    onSelection?.(toggled(selection, id, rows.ids));
  };
  const selectRange = (/** @type {string} */ id) => selection && onSelection?.(withIds(selection, idsBetween(rows, getId, anchor.current, id)));
  const selectAll = () => selection && onSelection?.(selection.isAll ? NOTHING : EVERYTHING);
  const copy = (/** @type {string} */ _id, /** @type {any} */ row) =>
    copyText(JSON.stringify(props.copyOf?.(row) ?? row, null, 2)).then(() => toast("Copied the row as JSON."));
  const copyLink = (/** @type {string} */ _id, /** @type {any} */ row) =>
    linkOf && copyText(new URL(linkOf(row), location.href).href).then(() => toast("Copied a link to the row."));

  /** @type {Record<string, (id: string, row: any) => void>} */
  const acts = {
    ...(onOpen && { "row.open": (id) => onOpen(id) }),
    ...(onSelection && { "row.select": select, "row.selectrange": selectRange }),
    ...(onEdit && { "row.edit": (id) => onEdit(id, null) }),
    "row.copy": copy,
    ...(linkOf && { "row.copylink": copyLink }),
  };
  useKeys(
    {
      "row.next": () => moveTo(from() + 1),
      "row.previous": () => moveTo(Math.max(0, from() - 1)),
      "row.first": () => moveTo(0),
      "row.last": () => moveTo(total - 1),
      "row.pagedown": () => moveTo(from() + view.pageRows),
      "row.pageup": () => moveTo(from() - view.pageRows),
      ...(onSelection && { "row.selectall": selectAll }),
      ...Object.fromEntries(Object.keys(acts).map((name) => [name, withRow(name)])),
    },
    isActive,
  );
  /** Highlight and open the row of a place once it is there. @param {number} index */
  const openAt = (index) => {
    awaited.current = -1;
    moveTo(index);
    if (awaited.current === index) wish.current = "row.open";
  };
  return { anchor, openAt };
}

/**
 * The ids of loaded rows from one to another, both included.
 * @param {import("./rows.js").Rows} rows @param {(row: any) => string} getId @param {string | null} one @param {string} other
 */
export function idsBetween(rows, getId, one, other) {
  const to = rows.indexOf(other);
  const from = one === null || rows.indexOf(one) < 0 ? to : rows.indexOf(one);
  const ids = [];
  for (let at = Math.min(from, to); at <= Math.max(from, to); at += 1) {
    const row = rows.at(at);
    if (row) ids.push(getId(row));
  }
  return ids;
}
