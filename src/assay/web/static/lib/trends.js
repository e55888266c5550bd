/** The last reports of datasets, asked for many datasets at once. */
import { signal, useEffect } from "../vendor/preact.js";
import { request } from "./api.js";

const LAST = 8;
const GATHERED_MILLISECONDS = 20;
const MOST_AT_ONCE = 100;
/** Lines of completed reports by dataset, oldest first. @type {import("../vendor/preact.js").Signal<Map<string, any[]>>} */
const known = signal(new Map());
/** @type {Set<string>} */
const asked = new Set();
/** @type {string[]} */
let gathered = [];

function ask() {
  const ids = gathered.splice(0, MOST_AT_ONCE);
  if (gathered.length) setTimeout(ask, GATHERED_MILLISECONDS);
  request("GET", "/api/eval-reports/trends/", { params: { dataset_ids: ids.join(","), last: LAST } }).then(
    ({ results }) => {
      known.value = new Map([...known.peek(), ...Object.entries(results)]);
    },
    () => ids.forEach((id) => asked.delete(id)),
  );
}

/** Forget what is known: reports have ended since. */
export function forgetTrends() {
  asked.clear();
  known.value = new Map();
}

/** @param {string} datasetId @returns {any[] | null} null until it is known */
export function useTrend(datasetId) {
  const lines = known.value.get(datasetId) ?? null;
  useEffect(() => {
    if (lines || asked.has(datasetId)) return;
    asked.add(datasetId);
    if (!gathered.length) setTimeout(ask, GATHERED_MILLISECONDS);
    gathered.push(datasetId);
  });
  return lines;
}

/**
 * The number of an evaluator in a report, with its interval: a pass rate or a mean. Until a run has ended there is no interval.
 * @param {any} part
 */
export function figureOf(part) {
  const isShare = part.score_value_type === "boolean";
  const passed = part.scored_count ? part.passed_count / part.scored_count : null;
  const value = isShare ? part.pass_rate?.rate ?? passed : part.score;
  const given = isShare ? part.pass_rate?.confidence_interval : part.confidence_interval;
  const interval = given && given.lower !== null ? given : null;
  return { value, interval, half: interval && (interval.upper - interval.lower) / 2, isShare };
}
