/** How the scores of the latest report are spread over the rows; a click or a drag filters to them. */
import { html, useMemo } from "../../vendor/preact.js";
import { formatInteger, formatScore } from "../../lib/format.js";
import { addRange, addTerm, removeTerm, valuesOf } from "../../lib/query.js";
import { parseQuery } from "../../lib/query.js";
import { href, useParam } from "../../lib/url.js";
import { Histogram } from "../../components/histogram.js";

/** The evaluator whose score is shown: that of the URL, else the first that has numbers. @param {any} report */
export function useShownScore(report) {
  const [by] = useParam("by");
  return useMemo(() => {
    const tasks = report?.evaluators ?? [];
    return tasks.find((/** @type {any} */ task) => task.evaluator_slug === by) ?? tasks.find((/** @type {any} */ task) => task.summary?.histogram) ?? tasks[0] ?? null;
  }, [report?.id, report?.state, by]);
}

/** @param {{report: any, task: any, q: string, onQ: (q: string) => void}} props */
export function ScoreStrip({ report, task, q, onQ }) {
  const [, setBy] = useParam("by");
  if (!task) return null;
  const key = `score.${task.evaluator_slug}`;
  const bins = (task.summary?.histogram ?? []).map((/** @type {any} */ bin) => ({ from: bin.lower, to: bin.upper, count: bin.count }));
  const range = rangeOf(q, key);
  const filtered = (/** @type {number} */ from, /** @type {number} */ to) => onQ(range && range[0] === from && range[1] === to ? removeTerm(q, key) : addRange(removeTerm(q, key), key, "..", [from, to]));
  return html`<section class="dataset-scores" aria-label="Scores of the latest report">
    <header class="row small">
      <select aria-label="Score" value=${task.evaluator_slug} onChange=${(/** @type {any} */ event) => setBy(event.target.value)}>
        ${report.evaluators.map((/** @type {any} */ each) => html`<option key=${each.evaluator_slug} value=${each.evaluator_slug}>${each.evaluator_slug}</option>`)}
      </select>
      <span class="muted">${task.summary?.mean !== null && task.summary?.mean !== undefined ? `mean ${formatScore(task.summary.mean, 3)} in ` : "in "}
        <a href=${href(`/datasets/${report.dataset_id}/reports/${report.id}`)}>${report.name || "the latest report"}</a>${report.dataset_version ? `, v${report.dataset_version}` : ""}</span>
      <span class="grow"></span>
      ${range && html`<button type="button" class="button button-quiet" onClick=${() => onQ(removeTerm(q, key))}>Show all scores</button>`}
    </header>
    ${bins.length > 0
      ? html`<${Histogram} bins=${bins} label=${task.evaluator_slug} height=${44} range=${range} onBin=${(/** @type {any} */ bin) => filtered(bin.from, bin.to)} onRange=${filtered} />`
      : html`<${Counts} task=${task} q=${q} name=${key} onQ=${onQ} />`}
  </section>`;
}

/** The range that the filter holds a score to. @param {string} q @param {string} key @returns {[number, number] | null} */
function rangeOf(q, key) {
  const value = parseQuery(q, "dataset log").terms.find((term) => term.key === key && !term.isExcluded)?.values[0];
  return value?.upper ? [Number(value.text), Number(value.upper.text)] : null;
}

/** Labels, or pass and fail, as buttons that filter. @param {{task: any, q: string, name: string, onQ: (q: string) => void}} props */
function Counts({ task, q, name, onQ }) {
  /** @type {Array<[string, number]>} */
  const counts = Object.entries(task.summary?.counts ?? {});
  const chosen = valuesOf(q, name).included;
  if (counts.length === 0) return html`<p class="muted small">${task.summary ? "No scores to show" : "The report is not finished yet"}</p>`;
  return html`<p class="row row-wrap">${counts.map(
    ([label, count]) => html`<button key=${label} type="button" class="button" aria-pressed=${chosen.has(label)}
      onClick=${() => onQ(chosen.has(label) ? removeTerm(q, name, label) : addTerm(removeTerm(q, name), name, label))}>${label} <span class="muted">${formatInteger(count)}</span></button>`,
  )}</p>`;
}
