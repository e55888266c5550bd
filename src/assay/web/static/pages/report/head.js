/** The head of a report: its state and progress as they move, and what can be done with the run. */
import { html, useEffect, useRef, useState } from "../../vendor/preact.js";
import { useRequest } from "../../lib/api.js";
import { formatInteger, formatSeconds, plural } from "../../lib/format.js";
import { isOver, STATES, stateChip } from "../../lib/report.js";
import { href } from "../../lib/url.js";
import { PageHead } from "../../components/page-head.js";
import { Progress } from "../../components/progress.js";
import { Time } from "../../components/time.js";
import { ReportActions } from "./actions.js";

/** What is done, in rows where a row has one judgement. @param {any} report @param {number | null} pace */
function progressText(report, pace) {
  const { finished_count, cell_count } = report.progress;
  const perRow = report.log_count ? cell_count / report.log_count : 1;
  const noun = perRow === 1 ? "rows" : "judgements";
  const parts = [`${formatInteger(finished_count)} / ${formatInteger(cell_count)}${perRow === 1 ? "" : " judgements"}`];
  const failed = report.evaluators.reduce((/** @type {number} */ sum, /** @type {any} */ task) => sum + task.failed_count, 0);
  if (failed) parts.push(plural(failed, "error"));
  if (pace !== null && report.state === "running") parts.push(`${formatInteger(Math.max(1, pace))} ${noun}/s`);
  if (report.state === "running" && report.eta_seconds) parts.push(`${roundedSeconds(report.eta_seconds)} left`);
  return { text: parts.join(" · "), failed };
}

/** Whole seconds: a tenth would only flicker. @param {number} seconds */
const roundedSeconds = (seconds) => (seconds < 60 ? `${Math.max(1, Math.round(seconds))} s` : formatSeconds(seconds));

/** @param {{report: any, path: string, view: any, pace: number | null, isConnected: boolean, wasRunning: boolean}} props */
export function ReportHead({ report, path, view, pace, isConnected, wasRunning }) {
  const dataset = useRequest({ path: `/api/datasets/${report.dataset_id}/` }).data;
  const over = isOver(report.state);
  const { text, failed } = progressText(report, pace);
  const seconds = report.started_at && report.completed_at ? (Date.parse(report.completed_at) - Date.parse(report.started_at)) / 1000 : null;
  const meta = over
    ? html`<span class=${stateChip(report.state)}>${report.state === "completed" ? "✓ " : ""}${STATES[report.state]}</span>
        <span>${plural(report.log_count, "row")} · version ${report.dataset_version}${report.trials > 1 ? ` · ${report.trials} trials` : ""} · <${Time} at=${report.completed_at ?? report.updated_at} />${seconds === null ? "" : ` · took ${formatSeconds(seconds)}`}</span>`
    : html`<span class=${stateChip(report.state)}>${report.is_cancel_requested ? "stopping" : report.is_pause_requested ? "pausing" : STATES[report.state]}</span>
        <span class="report-progress"><${Progress} done=${report.progress.finished_count} total=${report.progress.cell_count} failed=${failed} label="Judgements done" /></span>
        <span class="report-progress-text">${text}</span>
        ${!isConnected && html`<span class="warn small" title="The stream of events is interrupted; figures are asked every two seconds.">not live</span>`}`;
  return html`<${PageHead} title=${report.name} mark=${over && wasRunning && report.state === "completed" ? "✓" : ""}
      crumbs=${[
        { label: "Datasets", href: href("/datasets") },
        { label: dataset?.name ?? "dataset", href: href(`/datasets/${report.dataset_id}/reports`) },
      ]}
      meta=${meta} actions=${html`<${ReportActions} report=${report} path=${path} view=${view} />`} />
    <${Announcement} text=${over ? `Report ${STATES[report.state]}` : text} isOver=${over} />
    <${Notifier} report=${report} isOver=${over} wasRunning=${wasRunning} />`;
}

/** Says progress to screen readers, at most every ten seconds. @param {{text: string, isOver: boolean}} props */
function Announcement({ text, isOver: over }) {
  const [said, setSaid] = useState("");
  const latest = useRef(text);
  latest.current = text;
  useEffect(() => {
    if (over) {
      setSaid((last) => (last ? latest.current : ""));
      return undefined;
    }
    const timer = setInterval(() => setSaid(latest.current), 10_000);
    return () => clearInterval(timer);
  }, [over]);
  return html`<p class="visually-hidden" role="status">${said}</p>`;
}

/** Tells the desktop when the run is over, where that was allowed. @param {{report: any, isOver: boolean, wasRunning: boolean}} props */
function Notifier({ report, isOver: over, wasRunning }) {
  useEffect(() => {
    if (!over || !wasRunning || !("Notification" in window) || Notification.permission !== "granted" || document.hasFocus()) return;
    new Notification(`${report.name}: ${STATES[report.state]}`, { body: plural(report.log_count, "row"), tag: report.id });
  }, [over]);
  return null;
}
