/** A value that settles: it follows what is given after a pause. */
import { useEffect, useState } from "../vendor/preact.js";

/**
 * @template T
 * @param {T} value compared by content
 * @param {number} [milliseconds]
 * @returns {T} the value as it was when it last stood still for so long
 */
export function useDebounced(value, milliseconds = 150) {
  const [settled, setSettled] = useState(value);
  const key = JSON.stringify(value);
  useEffect(() => {
    const timer = setTimeout(() => setSettled(value), milliseconds);
    return () => clearTimeout(timer);
  }, [key]);
  return settled;
}
