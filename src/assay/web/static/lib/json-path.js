/** Reading and changing a JSON value by a dotted path, as the filters of the API write it. */

/**
 * The value at a path; a key that holds a dot itself is found too.
 * @param {any} value
 * @param {string[]} parts
 * @returns {any} undefined where there is none
 */
function follow(value, parts) {
  if (parts.length === 0) return value;
  if (value === null || typeof value !== "object") return undefined;
  for (let length = 1; length <= parts.length; length += 1) {
    const name = parts.slice(0, length).join(".");
    if (!Object.hasOwn(value, name)) continue;
    const found = follow(value[name], parts.slice(length));
    if (found !== undefined) return found;
  }
  return undefined;
}

/** @param {any} value @param {string} path such as "input.messages.0.content" */
export const valueAt = (value, path) => follow(value, path.split("."));

/**
 * A copy of a value with another one at a path; objects on the way are made where they are missing.
 * @param {any} value
 * @param {string[]} parts
 * @param {any} next
 * @returns {any}
 */
function put(value, parts, next) {
  if (parts.length === 0) return next;
  const [name, ...rest] = parts;
  const whole = parts.join(".");
  if (Array.isArray(value) && /^\d+$/.test(name)) {
    const copy = [...value];
    copy[Number(name)] = put(value[Number(name)], rest, next);
    return copy;
  }
  const base = value !== null && typeof value === "object" && !Array.isArray(value) ? value : {};
  if (Object.hasOwn(base, whole)) return { ...base, [whole]: next };
  return { ...base, [name]: put(base[name], rest, next) };
}

/** @param {any} value @param {string} path @param {any} next */
export const withValueAt = (value, path, next) => put(value, path.split("."), next);

/** Whether two JSON values are the same. @param {any} one @param {any} other */
export const isSameJson = (one, other) => JSON.stringify(one ?? null) === JSON.stringify(other ?? null);

/**
 * What a text that was typed for a cell means: text where there was text, else JSON.
 * @param {string} text
 * @param {any} before the value it takes the place of
 * @returns {any} throws an Error that says what is wrong
 */
export function typedValue(text, before) {
  const isText = typeof before === "string" || before === null || before === undefined;
  if (isText && !/^\s*[[{]/.test(text)) return text === "" && typeof before !== "string" ? null : text;
  try {
    return JSON.parse(text);
  } catch (error) {
    // A text may begin with a bracket and be no JSON.
    if (isText) return text;
    throw new Error(`This is no JSON: ${/** @type {Error} */ (error).message}`);
  }
}
