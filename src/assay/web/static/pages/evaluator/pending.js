/** Evaluators that are being deleted: out of sight, until their time is over or they are taken back. */
import { signal } from "../../vendor/preact.js";
import { invalidate, request } from "../../lib/api.js";
import { withUndo } from "../../lib/toast.js";

/** Their ids. */
export const pending = signal(/** @type {Set<string>} */ (new Set()));

/** @param {any} evaluator @param {() => void} [onRestored] */
export function deleteEvaluator(evaluator, onRestored) {
  pending.value = new Set([...pending.peek(), evaluator.id]);
  withUndo({
    text: `Deleted ${evaluator.name}. Its reports stay.`,
    run: async (keepalive) => {
      await request("DELETE", `/api/evaluators/${evaluator.id}/`, { keepalive });
      invalidate("/api/evaluators/");
    },
    undo: () => {
      pending.value = new Set([...pending.peek()].filter((id) => id !== evaluator.id));
      onRestored?.();
    },
  });
}

/** Copy an evaluator, its newest definition included. @param {any} evaluator @returns {Promise<any>} the copy */
export async function duplicateEvaluator(evaluator) {
  const copy = await request("POST", "/api/evaluators/", { body: { source_evaluator_id: evaluator.id, name: `${evaluator.name} copy` } });
  invalidate("/api/evaluators/");
  return copy;
}
