/** "pass ≥ 0.6: 84.6 %": what passes under the evaluator's rule, or under the mark that was dragged. */
import { html, useEffect, useState } from "../../vendor/preact.js";
import { useRequest } from "../../lib/api.js";
import { formatPercent } from "../../lib/format.js";
import { passBounds, writtenRule } from "../../lib/report.js";

/** @param {any} value @param {number} milliseconds */
function useSettled(value, milliseconds) {
  const [settled, setSettled] = useState(value);
  useEffect(() => {
    const timer = setTimeout(() => setSettled(value), milliseconds);
    return () => clearTimeout(timer);
  }, [value]);
  return settled;
}

/**
 * @param {{task: any, path: string, rule: import("../../lib/report.js").PassRule, mark: number, isHeld: boolean,
 *   onReset: (() => void) | null}} props
 */
export function PassLine({ task, path, rule, mark, isHeld, onReset }) {
  const isMoved = mark !== rule.threshold;
  const asked = useSettled(mark, isHeld ? 80 : 0);
  const found = useRequest(
    isMoved ? { path: `${path}pass-rate/`, params: { evaluator_slug: task.evaluator_slug, ...passBounds({ ...rule, threshold: asked }) } } : null,
  ).data;
  const rate = isMoved ? found : task.summary?.pass_rate;
  const share = rate?.rate ?? (!isMoved && task.scored_count ? task.passed_count / task.scored_count : null);
  const interval = rate?.confidence_interval;
  return html`<span class="report-pass" title=${interval ? `95 % interval ${formatPercent(interval.lower)} to ${formatPercent(interval.upper)} (Wilson)` : undefined}>
    pass ${writtenRule({ ...rule, threshold: mark })}: ${formatPercent(share)}
    ${onReset && html` <button type="button" class="report-reset" onClick=${onReset} title=${`Back to ${writtenRule(rule)}, the evaluator's rule`} aria-label=${`Back to ${writtenRule(rule)}`}>↺</button>`}
  </span>`;
}
