/** The fields of an evaluator that are edited, and what differs from the stored ones: the body of a PATCH. */

export const FIELDS = /** @type {const} */ ([
  "name", "description", "score_value_type", "score_config", "passing_conditions", "llm_config", "code_config",
  "configurations", "categorical_choices", "direction",
]);

/** @typedef {Record<string, any>} Fields those of FIELDS */

/** @param {any} evaluator as the API shows it @returns {Fields} */
export function fieldsOf(evaluator) {
  return Object.fromEntries(FIELDS.map((name) => [name, evaluator[name] ?? null]));
}

/**
 * What is to be sent so that the stored evaluator becomes the edited one.
 * @param {Fields} stored
 * @param {Fields} edited
 * @returns {Fields} empty when nothing differs
 */
export function changesOf(stored, edited) {
  /** @type {Fields} */
  const changes = {};
  for (const name of FIELDS) {
    if (isEqual(stored[name], edited[name])) continue;
    changes[name] = edited[name];
    if (name !== "configurations") continue;
    // The server merges these: what went is said with null.
    const gone = Object.keys(stored.configurations ?? {}).filter((key) => !(key in (edited.configurations ?? {})));
    changes[name] = { ...edited.configurations, ...Object.fromEntries(gone.map((key) => [key, null])) };
  }
  return changes;
}

/** Whether two JSON values are equal, whatever the order of keys. @param {any} one @param {any} other @returns {boolean} */
export function isEqual(one, other) {
  if (one === other || (one ?? null) === (other ?? null)) return true;
  if (typeof one !== "object" || typeof other !== "object" || one === null || other === null) return false;
  const names = Object.keys(one);
  return Array.isArray(one) === Array.isArray(other) && names.length === Object.keys(other).length &&
    names.every((name) => name in other && isEqual(one[name], other[name]));
}
