/** How much a report stands on: rows judged, failed and left out, and the smallest difference that it can show. */
import { html, useState } from "../../vendor/preact.js";
import { useRequest } from "../../lib/api.js";
import { formatInteger, formatScore, plural } from "../../lib/format.js";
import { StackedBar } from "../../components/stacked-bar.js";

/** @param {{report: any, path: string, view: any}} props */
export function CoverageView({ report, path, view }) {
  const slug = view.first;
  return html`<div class="stack">
    <table class="report-small-table"><caption class="visually-hidden">Coverage by evaluator</caption>
      <thead><tr><th scope="col">Evaluator</th><th scope="col" class="report-wide report-left">Judgements</th><th scope="col">scored</th><th scope="col">failed</th><th scope="col">skipped</th>
        <th scope="col">not made</th><th scope="col">the mean could be</th></tr></thead>
      <tbody>${report.evaluators.map((/** @type {any} */ task) => {
        const missing = Math.max(0, task.cell_count - task.scored_count - task.failed_count - task.skipped_count);
        const bounds = task.summary?.mean_bounds;
        return html`<tr key=${task.evaluator_slug}><th scope="row">${task.evaluator_slug}</th>
          <td class="report-wide"><${StackedBar} label=${`Coverage of ${task.evaluator_slug}`} hasTable=${false} segments=${[
            { id: "scored", label: "scored", count: task.scored_count, tone: "plain" },
            { id: "skipped", label: "skipped", count: task.skipped_count, tone: "warn" },
            { id: "failed", label: "failed", count: task.failed_count, tone: "bad" },
            { id: "missing", label: "not made", count: missing, tone: "none" },
          ]} /></td>
          <td>${formatInteger(task.scored_count)}</td><td class=${task.failed_count ? "bad" : ""}>${formatInteger(task.failed_count)}</td>
          <td>${formatInteger(task.skipped_count)}</td><td>${formatInteger(missing)}</td>
          <td>${bounds && bounds.lower !== bounds.upper ? `${formatScore(bounds.lower, 3)} to ${formatScore(bounds.upper, 3)}` : bounds ? "just that" : "–"}</td></tr>`;
      })}</tbody></table>
    ${report.row_counts && html`<p>${plural(report.row_counts.judged_count, "row")} judged in full · ${formatInteger(report.row_counts.error_count)} with errors · ${formatInteger(report.row_counts.skipped_count)} skipped
      · ${formatInteger(report.row_counts.pending_count)} pending, of ${plural(report.row_counts.row_count, "row")}.</p>`}
    <p class="muted small">A failed judgement is never a score. "The mean could be" places the failed ones at either end of the scale.</p>
    <${Power} key=${slug} path=${path} slug=${slug} />
  </div>`;
}

/** What another run over as many rows could show. @param {{path: string, slug: string}} props */
function Power({ path, slug }) {
  const [effect, setEffect] = useState("");
  const [asked, setAsked] = useState("");
  const { data, error } = useRequest({ path: `${path}power/`, params: { evaluator_slug: slug, effect: asked || null } });
  const parts = [["mean", data?.mean], ["pass rate", data?.pass_rate]].filter(([, part]) => part);
  /** @param {string} name @param {number | null | undefined} value */
  const write = (name, value) => (typeof value !== "number" ? "–" : name === "mean" ? formatScore(value, 3) : `${formatScore(value * 100, 1)} points`);
  return html`<section class="stack" aria-label="Power">
    <h2>Smallest difference that another run could show: ${slug}</h2>
    ${error && html`<p class="muted">${error.message}</p>`}
    ${data && !parts.length && html`<p class="muted">Known once rows are judged.</p>`}
    ${parts.map(([name, part]) => {
      const { minimum_detectable_effect: least, rows_needed: needed, trials } = part;
      return html`<div key=${name} class="report-power">
        <p><b>± ${write(name, least?.paired)}</b> of the ${name}, on the same ${plural(part.rows, "row")} <span class="muted">(± ${write(name, least?.unpaired)} on other rows; ${least ? `${Math.round(least.power * 100)} % power at ${Math.round(least.level * 100)} %` : "too few rows"})</span></p>
        ${needed && html`<p>To show ${needed.effect}: <b>${needed.paired === null ? "–" : plural(needed.paired, "row")}</b> on the same rows, ${needed.unpaired === null ? "–" : formatInteger(needed.unpaired)} on others.
          ${needed.reason && html`<span class="warn">${needed.reason}</span>`}</p>`}
        ${trials?.advice && html`<p class="muted">${trials.advice}</p>`}
      </div>`;
    })}
    ${parts.length > 0 && html`<form class="row row-wrap" onSubmit=${(/** @type {Event} */ event) => (event.preventDefault(), setAsked(effect))}>
      <label class="row">Rows needed to show a difference of <input class="report-effect" type="number" min="0" step="any" value=${effect} placeholder="0.05"
        onInput=${(/** @type {any} */ event) => setEffect(event.target.value)} /></label>
      <button class="button" type="submit" disabled=${!(Number(effect) > 0)}>Compute</button></form>`}
  </section>`;
}
