/** What is known of an eval report without asking: states, pace, pass marks, and which rows a view of it asks for. */
import { formatScore } from "./format.js";

/** @typedef {{operator: string, threshold: number}} PassRule */
/** @typedef {{slug: string, from: number, to: number}} ScoreRange */
/** @typedef {{show: string, by: string, range: ScoreRange | null, label: string, mark: number | null}} View */

/** Whether a report does not change any more. @param {string | undefined} state */
export const isOver = (state) => state === "completed" || state === "failed" || state === "cancelled";

/** The words for the states. @type {Record<string, string>} */
export const STATES = {
  pending: "waiting to start",
  running: "running",
  paused: "paused",
  waiting_for_annotations: "waiting for people",
  completed: "completed",
  failed: "failed",
  cancelled: "stopped",
};

/** @type {Record<string, string>} */
const STATE_TONES = { running: "accent", pending: "accent", failed: "bad", cancelled: "warn", paused: "warn", waiting_for_annotations: "warn", completed: "good" };

/** The class of the chip of a state. @param {string} state */
export const stateChip = (state) => `chip chip-${STATE_TONES[state] ?? "accent"}`;

/** A report with what the stream of events said later. @param {any} report @param {any} snapshot */
export function withProgress(report, snapshot) {
  if (!snapshot) return report;
  const tasks = new Map(snapshot.evaluators.map((/** @type {any} */ task) => [task.evaluator_slug, task]));
  const { finished_count, cell_count, percent, evaluators: _, ...rest } = snapshot;
  return {
    ...report,
    ...rest,
    progress: { finished_count, cell_count, percent },
    evaluators: report.evaluators.map((/** @type {any} */ task) => {
      const live = /** @type {any} */ (tasks.get(task.evaluator_slug));
      return live ? { ...task, failed_count: live.failed_count, score: live.score ?? task.score } : task;
    }),
  };
}

/** A report with its figures so far, and how many rows fail, err and wait. @param {any} report @param {any} figures */
export function withFigures(report, figures) {
  if (!figures || figures.report_id !== report.id) return report;
  const tasks = new Map(figures.evaluators.map((/** @type {any} */ task) => [task.evaluator_slug, task]));
  return {
    ...report,
    row_counts: figures.row_counts,
    evaluators: report.evaluators.map((/** @type {any} */ task) => {
      const found = /** @type {any} */ (tasks.get(task.evaluator_slug));
      if (!found) return task;
      const summary = found.summary ?? task.summary;
      const coverage = found.summary?.coverage;
      const counts = coverage && { scored_count: coverage.scored, skipped_count: coverage.skipped, failed_count: coverage.failed };
      return { ...task, ...counts, row_counts: found.row_counts, summary, score: summary?.mean ?? task.score, passed_count: summary?.pass_rate?.passed ?? task.passed_count };
    }),
  };
}

/** Judgements a second over the last seconds that were seen. @param {Array<[number, number]>} seen milliseconds and counts */
export function paceOf(seen) {
  const last = seen[seen.length - 1];
  if (!last) return null;
  const first = seen.find(([at]) => last[0] - at <= 8_000) ?? last;
  const seconds = (last[0] - first[0]) / 1000;
  const done = last[1] - first[1];
  return seconds >= 0.4 && done > 0 ? done / seconds : null;
}

/** What an evaluator's version takes for a pass, as far as it is one number. @param {any} task @param {any} definition @returns {PassRule | null} */
export function passRuleOf(task, definition) {
  const rule = task.pass_rule ?? definition?.pass_rule;
  const conditions = Object.entries(definition?.passing_conditions ?? {});
  if (conditions.length) {
    const [[name, said]] = /** @type {[[string, any]]} */ (conditions);
    const value = Array.isArray(said?.value) ? said.value[0] : said?.value;
    const isOne = conditions.length === 1 && (name === "primary_score" || name === "numerical_value");
    return isOne && typeof value === "number" && said.operator in SIGNS ? { operator: said.operator, threshold: value } : null;
  }
  const score = definition?.configurations?.passing_score;
  if (typeof score === "number") return { operator: "gte", threshold: score };
  return rule && typeof rule.threshold === "number" && /^(gte?|lte?)$/.test(rule.operator) ? rule : null;
}

/** @type {Record<string, string>} */
const SIGNS = { gte: "≥", gt: ">", lte: "≤", lt: "<" };

/** "≥ 0.6". @param {PassRule} rule */
export const writtenRule = (rule) => `${SIGNS[rule.operator]} ${shortScore(rule.threshold)}`;

/** A mark or an edge with no more decimals than it needs. @param {number} value */
export const shortScore = (value) => (Number.isInteger(value) ? String(value).replace("-", "−") : formatScore(value, 3).replace(/0+$/, "").replace(/\.$/, ""));

/** The next smaller and the next larger double: the API's bounds are inclusive. @param {number} value @param {-1 | 1} direction */
export function nextTo(value, direction) {
  const step = Math.max(Math.abs(value) * Number.EPSILON, Number.MIN_VALUE * 2);
  return value + direction * step;
}

/** The scores that pass under a rule, as parameters of the pass rate. @param {PassRule} rule */
export function passBounds(rule) {
  const { min_score, max_score } = boundsOf(rule);
  return { at_least: min_score, at_most: max_score };
}

/** The bounds of the scores that pass under a rule with another threshold, as parameters. @param {PassRule} rule @param {boolean} isFailing @returns {{min_score?: number, max_score?: number}} */
export function boundsOf(rule, isFailing = false) {
  const { operator, threshold } = rule;
  const isFrom = operator === "gte" || operator === "gt";
  const isInclusive = operator === "gte" || operator === "lte";
  if (isFailing) {
    const edge = isInclusive ? nextTo(threshold, isFrom ? -1 : 1) : threshold;
    return isFrom ? { max_score: edge } : { min_score: edge };
  }
  const edge = isInclusive ? threshold : nextTo(threshold, isFrom ? 1 : -1);
  return isFrom ? { min_score: edge } : { max_score: edge };
}

/** "slug:0..0.6" as a range. @param {string} text @returns {ScoreRange | null} */
export function readRange(text) {
  const found = /^(.+):(-?[\d.e+-]+)\.\.(-?[\d.e+-]+)$/i.exec(text);
  if (!found) return null;
  const [from, to] = [Number(found[2]), Number(found[3])];
  return Number.isFinite(from) && Number.isFinite(to) ? { slug: found[1], from, to } : null;
}

/** "slug:0.55" as a mark by evaluator. @param {string} text @returns {Record<string, number>} */
export function readMarks(text) {
  /** @type {Record<string, number>} */
  const marks = {};
  for (const part of text.split(",")) {
    const at = part.lastIndexOf(":");
    const value = Number(part.slice(at + 1));
    if (at > 0 && Number.isFinite(value)) marks[part.slice(0, at)] = value;
  }
  return marks;
}

/** Whether an evaluator says what passes: it does not change while a report runs. @param {any} task @param {any} definition */
export function canFail(task, definition) {
  const conditions = definition?.passing_conditions;
  return task.score_value_type === "boolean" || passRuleOf(task, definition) !== null || Boolean(definition?.pass_rule) || Boolean(conditions && Object.keys(conditions).length);
}

/** The evaluator whose failures are shown first: a number with a pass rule, else anything that can fail. @param {any[]} tasks @param {Record<string, any>} definitions */
export function firstToFail(tasks, definitions) {
  const able = tasks.filter((task) => canFail(task, definitions[task.evaluator_slug]));
  return (able.find((task) => task.score_value_type !== "boolean") ?? able[0] ?? tasks[0])?.evaluator_slug ?? "";
}

/**
 * The parameters of the rows that a view shows.
 * @param {View} view @param {any} task the evaluator that the view sorts by @param {PassRule | null} rule @returns {Record<string, any>}
 */
export function rowParams({ show, by, range, label, mark }, task, rule) {
  /** @type {Record<string, any>} */
  const params = { include: "log", label: label || null };
  if (range) {
    const bins = task?.summary?.histogram;
    const isLast = !bins?.length || range.to >= bins[bins.length - 1].upper;
    return { ...params, evaluator_slug: range.slug, min_score: range.from, max_score: isLast ? range.to : nextTo(range.to, -1), sort: "worst" };
  }
  const ofOne = by ? { evaluator_slug: by } : {};
  if (show === "errors" || show === "pending") return { ...params, ...ofOne, show };
  if (show !== "failures" && show !== "passed") return params;
  const sorted = task ? { sort: "worst", sort_evaluator_slug: task.evaluator_slug } : {};
  if (by && mark !== null && rule) return { ...params, ...ofOne, ...sorted, ...boundsOf({ ...rule, threshold: mark }, show === "failures") };
  return { ...params, ...ofOne, ...sorted, ...(show === "failures" ? { show } : { is_passed: true }) };
}
