/** What can be done on the page that is shown: the palette offers it. */
import { signal, useEffect, useRef } from "../vendor/preact.js";

/** @typedef {{label: string, run: () => void, kind?: string, key?: string}} Command */

/** @type {import("../vendor/preact.js").Signal<Array<{current: Command[]}>>} */
const offered = signal([]);

/** Offer commands while the component is there. @param {Command[]} commands */
export function useOffer(commands) {
  const current = useRef(commands);
  current.current = commands;
  useEffect(() => {
    offered.value = [...offered.peek(), current];
    return () => {
      offered.value = offered.peek().filter((each) => each !== current);
    };
  }, []);
}

/** The commands offered now. @returns {Command[]} */
export function useCommands() {
  return offered.value.flatMap((each) => each.current);
}
