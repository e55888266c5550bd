/** What a reader of a report must know before its figures: errors, budget, missing cells, people it waits for. */
import { html } from "../../vendor/preact.js";
import { formatInteger, formatUsd, plural } from "../../lib/format.js";
import { isOver } from "../../lib/report.js";
import { href } from "../../lib/url.js";

/** @param {any} report @returns {Array<{tone: "warn" | "bad" | "info", text: any}>} */
function noticesOf(report) {
  const { finished_count, cell_count } = report.progress;
  const missing = cell_count - finished_count;
  const budget = report.settings.budget_usd;
  /** @type {Array<{tone: "warn" | "bad" | "info", text: any}>} */
  const found = [];
  if (report.error_message) found.push({ tone: "bad", text: report.error_message });
  if (report.state === "cancelled") {
    const why = report.cancel_reason === "budget" ? `Its budget of ${formatUsd(budget)} was used up.` : "Somebody stopped it.";
    found.push({ tone: "warn", text: `${why} ${formatInteger(finished_count)} of ${plural(cell_count, "judgement")} were made; the figures are of those alone.` });
  }
  if (report.state === "paused") found.push({ tone: "info", text: `Paused at ${formatInteger(finished_count)} of ${plural(cell_count, "judgement")}. Resume goes on with what is missing.` });
  if (report.awaited_count > 0) {
    const slugs = report.evaluators.filter((/** @type {any} */ task) => task.method === "human").map((/** @type {any} */ task) => task.evaluator_slug);
    found.push({
      tone: "info",
      text: html`${plural(report.awaited_count, "answer")} of people ${report.awaited_count === 1 ? "is" : "are"} awaited for ${slugs.join(", ")}.
        <a href=${href(location.pathname.replace(/^.*\/ui/, ""), { show: "all", by: slugs[0] })}>Open a row to answer</a>, or send scores by the API.`,
    });
  }
  if (isOver(report.state) && report.state === "completed" && missing > 0) {
    found.push({ tone: "warn", text: `${plural(missing, "judgement")} of ${formatInteger(cell_count)} were never made.` });
  }
  for (const task of report.evaluators) {
    if (task.is_scripted) found.push({ tone: "warn", text: `${task.evaluator_slug}: a scripted judge. No model was asked; its scores mean nothing.` });
  }
  if (report.unknown_cost_count > 0) {
    found.push({ tone: "info", text: `The cost of ${plural(report.unknown_cost_count, "judgement")} is not known: the model has no price in the settings.` });
  }
  return found;
}

/** @param {{report: any}} props */
export function ReportNotices({ report }) {
  const found = noticesOf(report);
  if (!found.length) return null;
  return html`<ul class="report-notices" aria-label="Notices">
    ${found.map(({ tone, text }, index) => html`<li key=${index} class=${`report-notice report-notice-${tone}`}>${text}</li>`)}
  </ul>`;
}
