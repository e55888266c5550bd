/** What one evaluator said of a row: score, reason, cost, each trial, and the exact prompt and reply. */
import { html, useState } from "../../vendor/preact.js";
import { formatInteger, formatSeconds, formatUsd } from "../../lib/format.js";
import { isOver } from "../../lib/report.js";
import { ValuePane } from "../../components/value-pane.js";
import { scoreCell } from "./columns.js";
import { Correction } from "./correction.js";

/** @param {any} trial */
function measures(trial) {
  const detail = trial.detail;
  return [
    detail?.model,
    formatSeconds(trial.latency_seconds),
    trial.cost_usd === null ? "cost unknown" : trial.cost_usd > 0 && formatUsd(trial.cost_usd),
    trial.input_tokens !== null && `${formatInteger(trial.input_tokens)} → ${formatInteger(trial.output_tokens)} tokens`,
    trial.attempts > 1 && `${trial.attempts} attempts`,
    detail?.is_from_cache && "from the cache",
  ].filter(Boolean).join(" · ");
}

/** @param {{trial: any, task: any, name: string}} props */
function Trial({ trial, task, name }) {
  const detail = trial.detail;
  return html`<div class="verdict-trial">
    ${name && html`<p class="row"><span class="muted">${name}</span> ${scoreCell(trial, task)}</p>`}
    ${trial.error_message && html`<p class="bad verdict-text">${trial.error_message}</p>`}
    ${trial.explanation && html`<p class="verdict-text">${trial.explanation}</p>`}
    <p class="muted small">${measures(trial)}</p>
    ${detail?.messages?.length > 0 && html`<details class="verdict-detail"><summary>Prompt of the judge</summary>
      <${ValuePane} label="Prompt" value=${detail.messages} /></details>`}
    ${detail?.reply && html`<details class="verdict-detail"><summary>Reply of the judge</summary><${ValuePane} label="Reply" value=${detail.reply} /></details>`}
    ${detail?.stdout && html`<details class="verdict-detail"><summary>Printed by the code</summary><${ValuePane} label="Printed" value=${detail.stdout} mode="raw" /></details>`}
  </div>`;
}

/** What people said: their own scores, and corrections of the machine's. @param {{given: any[], task: any}} props */
function People({ given, task }) {
  const said = given.filter((score) => !score.is_machine || score.is_corrected);
  if (!said.length) return null;
  return html`<ul class="verdict-people">${said.map((score) => html`<li key=${score.id} class="row row-wrap">
    <span class="chip chip-accent">${score.is_corrected ? "corrected" : (score.scorer ?? "person")}</span>
    ${scoreCell({ status: "scored", score: score.score_value, is_passed: score.is_corrected ? null : score.is_passed }, task)}
    ${score.is_corrected && html`<span class="muted small">was ${String(score.original?.score_value ?? "–")}</span>`}
    ${score.explanation && html`<span class="muted">${score.explanation}</span>`}</li>`)}</ul>`;
}

/**
 * @param {{task: any, cell: any, given: any[], report: any, path: string, logId: string, definition: any}} props
 *   `given` are the scores that stand on the row now
 */
export function Verdict({ task, cell, given, report, path, logId, definition }) {
  const [isOpen, setIsOpen] = useState(false);
  const trials = cell?.trials ?? [];
  const machine = given.find((score) => score.is_machine) ?? null;
  const isAwaited = task.method === "human" && !cell;
  return html`<section class="verdict" aria-label=${task.evaluator_slug}>
    <header class="verdict-head row">
      <h3 class="cut" title=${`${task.name} · version ${task.version}`}>${task.evaluator_slug}</h3>
      ${cell ? scoreCell(cell, task) : html`<span class="muted">${isAwaited ? "waits for a person" : isOver(report.state) ? "not run" : "not judged yet"}</span>`}
      <span class="grow"></span>
      ${(isAwaited || cell?.status === "scored") && html`<button type="button" class="button button-quiet" aria-expanded=${isOpen} onClick=${() => setIsOpen(!isOpen)}>
        ${isAwaited ? "Give score" : "Override score"}</button>`}
    </header>
    <${People} given=${given} task=${task} />
    ${isOpen && html`<${Correction} task=${task} definition=${definition} score=${isAwaited ? null : machine} present=${cell?.score ?? null} logId=${logId}
      report=${report} path=${path} onClose=${() => setIsOpen(false)} />`}
    ${trials.map((/** @type {any} */ trial, /** @type {number} */ index) => html`<${Trial} key=${index} trial=${trial} task=${task} name=${trials.length > 1 ? `Trial ${index + 1}` : ""} />`)}
  </section>`;
}
