/** Which columns a table shows and how wide they are, in the URL: whoever gets the link sees the same. */
import { useCallback, useEffect, useMemo } from "../vendor/preact.js";
import { remembered } from "./settings.js";
import { setParams, where } from "./url.js";

/** `input.question:240,output` → ids and widths. @param {string} text */
export function readColumns(text) {
  /** @type {string[]} */
  const ids = [];
  /** @type {Record<string, number>} */
  const widths = {};
  for (const part of text.split(",").filter(Boolean)) {
    const [, id, width] = /^(.*?)(?::(\d+))?$/s.exec(part) ?? [];
    const name = id.replaceAll("%2C", ",");
    if (!name || ids.includes(name)) continue;
    ids.push(name);
    if (width) widths[name] = Number(width);
  }
  return { ids, widths };
}

/** @param {string[]} ids @param {Record<string, number>} widths */
export const writeColumns = (ids, widths) =>
  ids.map((id) => id.replaceAll(",", "%2C") + (widths[id] ? `:${widths[id]}` : "")).join(",");

/**
 * The columns of a table: those of the URL, else those chosen here before, else the defaults.
 * @param {string} name of what remembers them
 * @param {string[]} defaults
 */
export function useColumnsParam(name, defaults) {
  const written = where.value.params.get("cols") ?? "";
  const memory = remembered(`columns.${name}`, "");
  useEffect(() => {
    if (!written && memory.peek()) setParams({ cols: memory.peek() }, { replace: true });
  }, [written === ""]);
  const text = written || memory.value || defaults.join(",");
  const { ids, widths } = useMemo(() => readColumns(text), [text]);
  /** @param {string[]} nextIds @param {Record<string, number>} nextWidths @param {boolean} isStep */
  const write = (nextIds, nextWidths, isStep) => {
    const next = writeColumns(nextIds, nextWidths);
    const shown = next === defaults.join(",") ? "" : next;
    memory.value = shown;
    setParams({ cols: shown }, { replace: isStep });
  };
  const setShown = (/** @type {string[]} */ next) => next.length && write(next, widths, false);
  const setWidth = useCallback(
    (/** @type {string} */ id, /** @type {number | null} */ width) => {
      const { [id]: _, ...others } = widths;
      write(ids, width === null ? others : { ...others, [id]: width }, true);
    },
    [text],
  );
  return { shown: ids, widths, setShown, setWidth };
}
