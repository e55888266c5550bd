/** The columns of the logs. */
import { html } from "../../vendor/preact.js";
import { Score } from "../../components/score.js";
import { formatInteger, formatSeconds, formatTime, formatUsd } from "../../lib/format.js";
import { previewOf } from "../../lib/preview.js";
import { visibleText } from "../../lib/visible.js";

const DAY_MILLISECONDS = 86_400_000;
const clock = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit", second: "2-digit" });
const dated = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" });

/** The time of day of what is recent, the day too of what is not. @param {string} iso */
export function shortTime(iso) {
  const at = new Date(iso);
  return Math.abs(Date.now() - at.getTime()) < DAY_MILLISECONDS ? clock.format(at) : dated.format(at);
}

/** What a score entry says, whatever its kind. @param {any} score */
export const valueOfScore = (score) => score.primary_score ?? score.score_value ?? score.numerical_value ?? score.boolean_value ?? score.string_value ?? score.categorical_value ?? null;

/** @param {{scores: Record<string, any>}} props */
function Scores({ scores }) {
  const all = Object.values(scores ?? {});
  if (!all.length) return null;
  return html`<span class="log-scores">${all.slice(0, 2).map(
    (score) => html`<span key=${score.evaluator_slug} title=${`${score.evaluator_name ?? score.evaluator_slug}: ${score.explanation ?? ""}`}><${Score} value=${valueOfScore(score)} isPassed=${score.is_passed ?? null} /></span>`,
  )}${all.length > 2 && html`<span class="muted small">+${all.length - 2}</span>`}</span>`;
}

/** @param {{log: any}} props */
export function LogStatus({ log }) {
  const isGood = log.status === "success";
  const text = log.status_code && log.status_code !== 200 ? `${log.status} ${log.status_code}` : log.status;
  return html`<span class=${isGood ? "good" : log.status === "failed" || log.status === "error" ? "bad" : "warn"}>${isGood ? "✓ ok" : `✗ ${text}`}</span>`;
}

/** @param {any} text */
const cut = (text) => html`<span class="cut">${visibleText(String(text ?? ""))}</span>`;

/** @param {any} log */
const outputOf = (log) => (!log.output_preview && log.error_message ? html`<span class="cut bad">${visibleText(log.error_message)}</span>` : cut(log.output_preview));

/** @type {Array<import("../../lib/grid-columns.js").Column & {isHidden?: boolean}>} those that are hidden until they are asked for say so */
export const COLUMNS = [
  { id: "timestamp", label: "Time", width: 84, isSortable: true, render: (log) => html`<time dateTime=${log.timestamp} title=${formatTime(log.timestamp)} class="muted">${shortTime(log.timestamp)}</time>` },
  { id: "input", label: "Input", width: 180, grow: true, render: (log) => cut(log.input_preview) },
  { id: "output", label: "Output", width: 180, grow: true, render: outputOf },
  { id: "model", label: "Model", width: 120, isSortable: true, render: (log) => cut(log.model) },
  { id: "status", label: "Status", width: 96, isSortable: true, render: (log) => html`<${LogStatus} log=${log} />` },
  { id: "scores", label: "Scores", width: 84, render: (log) => html`<${Scores} scores=${log.scores} />` },
  { id: "latency", label: "Latency", width: 86, align: "end", isSortable: true, render: (log) => formatSeconds(log.latency) },
  { id: "cost", label: "Cost", width: 92, align: "end", isSortable: true, render: (log) => formatUsd(log.cost) },
  { id: "total_request_tokens", label: "Tokens", width: 78, align: "end", isSortable: true, isHidden: true, render: (log) => formatInteger(log.total_request_tokens) },
  { id: "log_type", label: "Type", width: 90, isSortable: true, isHidden: true, render: (log) => cut(log.log_type) },
  { id: "customer_identifier", label: "Customer", width: 120, isSortable: true, isHidden: true, render: (log) => cut(log.customer_identifier) },
  { id: "span_name", label: "Span", width: 140, isSortable: true, isHidden: true, render: (log) => cut(log.span_name) },
  { id: "environment", label: "Environment", width: 96, isSortable: true, isHidden: true, render: (log) => cut(log.environment) },
  { id: "id", label: "ID", width: 130, isHidden: true, isMono: true, render: (log) => cut(log.id) },
];
const DEFAULT_IDS = COLUMNS.filter((column) => !column.isHidden).map((column) => column.id);
export const DEFAULT_COLUMNS = DEFAULT_IDS.join(",");

/** @param {any} value @param {string[]} path */
const valueAt = (value, path) => (value && typeof value === "object" ? (Object.hasOwn(value, path.join(".")) ? value[path.join(".")] : path.reduce((inner, step) => inner?.[step], value)) : undefined);

/** The column of an id; a path below metadata is one too. @param {string} id @returns {import("../../lib/grid-columns.js").Column | null} */
export function columnOf(id) {
  const known = COLUMNS.find((column) => column.id === id);
  if (known) return known;
  if (!id.startsWith("metadata.")) return null;
  const path = id.slice("metadata.".length).split(".");
  return { id, label: id, width: 140, isMono: false, render: (log) => cut(previewOf(valueAt(log.metadata, path))) };
}
