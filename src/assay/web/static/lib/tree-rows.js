/** A JSON value as the rows of a tree: what is open, fifty children a step. */

/**
 * `left` is the number of children still to come, on the row that asks for them; `place` and `count` are among siblings.
 * @typedef {{key: string, path: string[], name: string, value: any, level: number, place: number, count: number,
 *   isBranch: boolean, isOpen: boolean, left: number}} TreeRow
 * @typedef {{open: Set<string>, shown: Map<string, number>}} Opened which branches are open, and how many children of them
 */

export const STEP = 50;
const LEVELS = 3;
const MOST_AT_FIRST = 300;
const MOST_FOUND = 500;
const MOST_VISITED = 500_000;

/** @param {any} value */
export const isBranch = (value) => typeof value === "object" && value !== null;
/** @param {string[]} path */
export const keyOf = (path) => path.map((name) => `/${name}`).join("");
/** A path as the filter language writes it. @param {string[]} path */
export const dotted = (path) => path.join(".");

/** The first rows of a tree: three levels, as far as they are not too many. @param {any} value @returns {Opened} */
export function openAtFirst(value) {
  const open = new Set();
  let level = [{ path: /** @type {string[]} */ ([]), value }];
  let rows = 0;
  for (let depth = 0; depth < LEVELS; depth += 1) {
    const next = [];
    for (const item of level) {
      if (!isBranch(item.value)) continue;
      const names = Object.keys(item.value).slice(0, STEP);
      if (rows + names.length > MOST_AT_FIRST && depth > 0) continue;
      rows += names.length;
      open.add(keyOf(item.path));
      for (const name of names) next.push({ path: [...item.path, name], value: item.value[name] });
    }
    level = next;
  }
  return { open, shown: new Map() };
}

/**
 * What stands in the tree, from top to bottom.
 * @param {any} value
 * @param {Opened} opened
 * @returns {TreeRow[]}
 */
export function rowsOf(value, { open, shown }) {
  /** @type {TreeRow[]} */
  const rows = [];
  // A stack instead of recursion: nesting may be deeper than calls may be.
  const stack = [rowOf([], "", value, 1, 1, 1, open)];
  while (stack.length) {
    const row = /** @type {TreeRow} */ (stack.pop());
    rows.push(row);
    if (row.left || !row.isOpen) continue;
    const names = Object.keys(row.value);
    const count = Math.min(names.length, shown.get(row.key) ?? STEP);
    if (count < names.length) {
      stack.push({ ...row, key: `${row.key}/…`, level: row.level + 1, isBranch: false, isOpen: false, left: names.length - count });
    }
    for (let place = count - 1; place >= 0; place -= 1) {
      const name = names[place];
      stack.push(rowOf([...row.path, name], name, row.value[name], row.level + 1, place + 1, names.length, open));
    }
  }
  return rows;
}

/**
 * @param {string[]} path @param {string} name @param {any} value @param {number} level @param {number} place
 * @param {number} count @param {Set<string>} open
 * @returns {TreeRow}
 */
function rowOf(path, name, value, level, place, count, open) {
  const key = keyOf(path);
  const branch = isBranch(value) && Object.keys(value).length > 0;
  return { key, path, name, value, level, place, count, isBranch: branch, isOpen: branch && open.has(key), left: 0 };
}

/**
 * Where a text stands, in names and in values.
 * @param {any} value
 * @param {string} text
 * @returns {{paths: string[][], isCut: boolean}}
 */
export function findInTree(value, text) {
  const wanted = text.toLowerCase();
  /** @type {string[][]} */
  const paths = [];
  const stack = [{ path: /** @type {string[]} */ ([]), value }];
  let visited = 0;
  while (stack.length && paths.length < MOST_FOUND && visited < MOST_VISITED) {
    const item = /** @type {{path: string[], value: any}} */ (stack.pop());
    visited += 1;
    const name = item.path[item.path.length - 1] ?? "";
    const isFound = name.toLowerCase().includes(wanted) || (!isBranch(item.value) && String(item.value).toLowerCase().includes(wanted));
    if (isFound) paths.push(item.path);
    if (!isBranch(item.value)) continue;
    for (const child of Object.keys(item.value).reverse()) stack.push({ path: [...item.path, child], value: item.value[child] });
  }
  return { paths, isCut: stack.length > 0 };
}

/**
 * Open what leads to some paths.
 * @param {any} value
 * @param {Opened} opened
 * @param {string[][]} paths
 * @returns {Opened}
 */
export function openTo(value, opened, paths) {
  const open = new Set(opened.open);
  const shown = new Map(opened.shown);
  for (const path of paths) {
    let inside = value;
    for (let depth = 0; depth < path.length && isBranch(inside); depth += 1) {
      const key = keyOf(path.slice(0, depth));
      open.add(key);
      const place = Object.keys(inside).indexOf(path[depth]);
      const needed = Math.ceil((place + 1) / STEP) * STEP;
      if (needed > (shown.get(key) ?? STEP)) shown.set(key, needed);
      inside = inside[path[depth]];
    }
  }
  return { open, shown };
}
