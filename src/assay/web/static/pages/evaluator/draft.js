/** What was edited and not yet saved: kept by the browser, so that leaving loses nothing. */
import { useEffect, useMemo, useState } from "../../vendor/preact.js";
import { guardLeaving } from "../../lib/url.js";
import { changesOf, fieldsOf } from "./fields.js";

/** @typedef {import("./fields.js").Fields} Fields */
/**
 * @typedef {{fields: Fields, changes: Fields, isChanged: boolean, keptAt: string | null,
 *   set: (changes: Fields) => void, replace: (fields: Fields) => void, discard: () => void}} Draft `keptAt` is when the
 *   changes that an earlier visit left were kept
 */

/** @param {string} id */
const keyOf = (id) => `assay.evaluator-draft.${id}`;

/** @param {string} id @returns {{fields: Fields, at: string} | null} */
function kept(id) {
  try {
    return JSON.parse(localStorage.getItem(keyOf(id)) ?? "null");
  } catch {
    return null;
  }
}

/** @param {string} id @param {Fields | null} changes */
function keep(id, changes) {
  try {
    if (changes === null) localStorage.removeItem(keyOf(id));
    else localStorage.setItem(keyOf(id), JSON.stringify({ fields: changes, at: new Date().toISOString() }));
  } catch {
    // A full or forbidden storage only costs the memory.
  }
}

/**
 * @param {any} evaluator as stored; its `id` stays the same while the draft is edited
 * @returns {Draft}
 */
export function useDraft(evaluator) {
  const stored = useMemo(() => fieldsOf(evaluator), [evaluator]);
  const [before] = useState(() => (evaluator.is_builtin ? null : kept(evaluator.id)));
  // Changes, not whole fields: what others save meanwhile stays theirs.
  const [edited, setEdited] = useState(/** @type {Fields} */ (before?.fields ?? {}));
  const [isOld, setOld] = useState(before !== null);
  const fields = useMemo(() => ({ ...stored, ...edited }), [stored, edited]);
  const changes = useMemo(() => changesOf(stored, fields), [stored, fields]);
  const isChanged = Object.keys(changes).length > 0;
  useEffect(() => keep(evaluator.id, isChanged ? edited : null), [evaluator.id, edited, isChanged]);
  useEffect(() => (isChanged ? guardLeaving(() => "There are unsaved changes. They are kept in this browser. Leave?") : undefined), [isChanged]);
  return {
    fields,
    changes,
    isChanged,
    keptAt: isOld && isChanged ? (before?.at ?? null) : null,
    set: (next) => setEdited((last) => ({ ...last, ...next })),
    replace: setEdited,
    discard: () => {
      setEdited({});
      setOld(false);
    },
  };
}
