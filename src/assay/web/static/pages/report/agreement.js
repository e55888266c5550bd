/** How far an evaluator agrees with people on the same rows, and what its mean is when they correct it. */
import { html } from "../../vendor/preact.js";
import { useRequest } from "../../lib/api.js";
import { formatInteger, formatPercent, formatScore, plural } from "../../lib/format.js";
import { ConfusionMatrix } from "../../components/confusion-matrix.js";
import { Problem } from "../../components/problem.js";
import { Skeleton } from "../../components/skeleton.js";

/** @param {any} figure with a value or rate, and an interval @param {(value: number) => string} write */
function withInterval(figure, write) {
  const value = figure?.value ?? figure?.rate;
  if (typeof value !== "number") return figure?.reason ?? "–";
  const interval = figure.confidence_interval;
  return `${write(value)}${interval && interval.lower !== null ? ` [${write(interval.lower)}, ${write(interval.upper)}]` : ""}`;
}

/** @param {number} value */
const two = (value) => formatScore(value, 2);

/** @param {{title: string, found: any}} props */
function Labels({ title, found }) {
  if (!found?.n) return null;
  const { categories, human_by_judge: counts } = found.confusion_matrix;
  return html`<section class="stack" aria-label=${title}><h2>${title}</h2>
    <dl class="report-figures">
      <dt>Agreement</dt><dd>${withInterval(found.accuracy, (value) => formatPercent(value))} <span class="muted">${formatInteger(found.accuracy.agreed)} of ${formatInteger(found.accuracy.total)}</span></dd>
      <dt>Cohen's κ</dt><dd>${withInterval(found.kappa, two)}</dd>
      ${found.quadratic_kappa && html`<dt>κ, quadratic</dt><dd>${withInterval(found.quadratic_kappa, two)}</dd>`}
      <dt>Krippendorff's α</dt><dd>${withInterval(found.alpha, two)}</dd>
    </dl>
    <${ConfusionMatrix} categories=${categories.map(String)} counts=${counts} rowName="People" columnName="Evaluator" />
    <p class="muted small">${found.method}</p></section>`;
}

/** @param {{report: any, path: string, view: any}} props */
export function AgreementView({ report, path, view }) {
  const slug = view.first;
  const task = report.evaluators.find((/** @type {any} */ one) => one.evaluator_slug === slug);
  const isHuman = task?.method === "human";
  const { data, error, retry } = useRequest(isHuman ? null : { path: `${path}agreement/`, params: { evaluator_slug: slug } });
  if (isHuman) return html`<p class="muted">${slug} is answered by people: choose a judge or code to compare with them.</p>`;
  if (error) return html`<${Problem} error=${error} retry=${retry} />`;
  if (!data) return html`<${Skeleton} lines=${5} />`;
  if (!data.labelled_row_count) {
    return html`<div class="stack"><p>No person has scored a row of this report for ${slug} yet.</p>
      <p class="muted">Open a row and choose “Override score”, or send scores by the API (<code>POST /api/logs/{id}/scores/</code>). Twenty rows already say much; agreement appears here.</p>
      ${data.self_consistency !== null && html`<p>Its own trials agree on ${formatPercent(data.self_consistency)} of rows.</p>`}</div>`;
  }
  const corrected = data.corrected_mean;
  const numbers = data.numbers;
  return html`<div class="stack">
    <p>${slug} version ${data.version} against people on ${plural(data.labelled_row_count, "row")} of ${formatInteger(data.scored_row_count)}.
      ${data.self_consistency !== null && ` Its own trials agree on ${formatPercent(data.self_consistency)} of rows.`}</p>
    ${data.is_stale && html`<p class="report-notice report-notice-warn">Out of date: ${data.stale_reason}</p>`}
    ${corrected?.mean !== null && corrected && html`<p><b>Mean corrected by people: ${formatScore(corrected.mean, 3)}</b>
      ${corrected.confidence_interval && ` [${formatScore(corrected.confidence_interval.lower, 3)}, ${formatScore(corrected.confidence_interval.upper, 3)}]`}
      <span class="muted"> · the evaluator alone says ${formatScore(corrected.judge_mean, 3)} · ${corrected.method}</span></p>`}
    ${corrected?.reason && html`<p class="muted">${corrected.reason}</p>`}
    ${numbers?.n > 0 && html`<dl class="report-figures">
      <dt>Bias (evaluator − people)</dt><dd>${withInterval(numbers.bias, (value) => formatScore(value, 3))}</dd>
      <dt>Mean absolute difference</dt><dd>${withInterval(numbers.mean_absolute_difference, (value) => formatScore(value, 3))}</dd>
      <dt>Krippendorff's α</dt><dd>${withInterval(numbers.alpha, two)}</dd></dl>`}
    <${Labels} title="Pass or fail" found=${data.pass} />
    <${Labels} title="Labels" found=${data.labels} />
  </div>`;
}
