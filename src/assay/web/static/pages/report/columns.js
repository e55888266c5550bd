/** The columns of the rows of a report: the row, each score, and why. */
import { html } from "../../vendor/preact.js";
import { Score } from "../../components/score.js";

/** @param {any} cell one score of a row @param {any} task */
export function scoreCell(cell, task) {
  if (!cell) return html`<span class="muted">${task.method === "human" ? "awaited" : "…"}</span>`;
  if (cell.status === "failed") return html`<span class="chip chip-bad" title=${cell.error_message ?? ""}>✗ ${(cell.error_kind ?? "error").replaceAll("_", " ")}</span>`;
  if (cell.status === "skipped") return html`<span class="muted" title=${cell.explanation ?? ""}>skipped</span>`;
  return html`<${Score} value=${cell.score} range=${[task.minimum, task.maximum]} isPassed=${cell.is_passed} kind=${task.score_value_type} />`;
}

/** @param {any} value */
const text = (value) => (value ? html`<span class="cut">${value}</span>` : html`<span class="muted">–</span>`);

/** Why a row failed or erred, in the words of those who judged. @param {any} row @param {any[]} tasks */
function errorsOf(row, tasks) {
  return tasks
    .map((task) => [task.evaluator_slug, row.scores[task.evaluator_slug]])
    .filter(([, cell]) => cell?.status === "failed")
    .map(([slug, cell]) => `${tasks.length > 1 ? `${slug}: ` : ""}${cell.error_message ?? cell.error_kind}`)
    .join(" · ");
}

/**
 * @param {any[]} tasks
 * @param {string} show
 * @param {string} by the evaluator that comes first
 */
export function columnsOf(tasks, show, by) {
  const ordered = [...tasks].sort((one, other) => Number(other.evaluator_slug === by) - Number(one.evaluator_slug === by));
  const columns = [
    { id: "input", label: "Input", width: 240, minWidth: 100, render: (/** @type {any} */ row) => text(row.log?.input) },
    { id: "output", label: "Output", width: 280, minWidth: 100, render: (/** @type {any} */ row) => text(row.log?.output) },
    { id: "expected", label: "Expected", width: 180, minWidth: 80, render: (/** @type {any} */ row) => text(row.log?.expected_output) },
  ];
  if (show === "errors") columns.push({ id: "error", label: "Error", width: 340, minWidth: 120, render: (row) => html`<span class="bad cut">${errorsOf(row, tasks)}</span>` });
  for (const task of ordered) {
    const slug = task.evaluator_slug;
    columns.push({ id: `score.${slug}`, label: slug, width: Math.max(120, Math.min(200, slug.length * 8 + 24)), minWidth: 80, render: (row) => scoreCell(row.scores[slug], task) });
    if (task.method === "llm" || task.method === "human") {
      columns.push({ id: `why.${slug}`, label: tasks.length > 1 ? `Why (${slug})` : "Why", width: 300, minWidth: 100, render: (row) => html`<span class="muted cut">${row.scores[slug]?.explanation ?? ""}</span>` });
    }
  }
  return columns;
}
