/** How many logs over time, and what they come to in all: each asked by itself, after the rows. */
import { html } from "../../vendor/preact.js";
import { Histogram } from "../../components/histogram.js";
import { Problem } from "../../components/problem.js";
import { Skeleton } from "../../components/skeleton.js";
import { useRequest } from "../../lib/api.js";
import { formatCompact, formatInteger, formatPercent, formatSeconds, formatUsd } from "../../lib/format.js";
import { logsHistogram, logsSummary } from "../../lib/log-calls.js";
import { windowText } from "../../lib/time-window.js";

const UNITS = /** @type {Array<[number, string]>} */ ([[604_800, "week"], [86_400, "day"], [3_600, "hour"], [60, "minute"], [1, "second"]]);
const minutes = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" });
const seconds = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit", second: "2-digit" });
const days = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short", year: "numeric" });

/** "15 minutes". @param {number} width in seconds */
export function widthText(width) {
  const [size, unit] = UNITS.find(([each]) => width >= each && width % each === 0) ?? UNITS[4];
  const number = Math.round(width / size);
  return number === 1 ? unit : `${number} ${unit}s`;
}

/** @param {{selection: import("../../lib/log-calls.js").LogSelection, onRange: (range: string) => void}} props */
function Volume({ selection, onRange }) {
  const { data, error, isLoading, retry } = useRequest(logsHistogram(selection));
  if (error) return html`<div class="logs-volume"><${Problem} error=${error} retry=${retry} isInline /></div>`;
  if (!data) return html`<div class="logs-volume"><${Skeleton} lines=${2} label="Loading the volume" /></div>`;
  const bins = data.buckets.map((/** @type {any} */ bucket) => ({ from: Date.parse(bucket.start), to: Date.parse(bucket.end), count: bucket.count, failedCount: bucket.error_count }));
  const write = (/** @type {number} */ at) => (data.width_seconds < 60 ? seconds : data.width_seconds < 86_400 ? minutes : days).format(at);
  if (!bins.length) return html`<div class="logs-volume"></div>`;
  return html`<div class=${`logs-volume ${isLoading ? "logs-loading" : ""}`}>
    <${Histogram} bins=${bins} label=${`Logs per ${widthText(data.width_seconds)}`} noun="log" height=${40} format=${write}
      onRange=${(/** @type {number} */ from, /** @type {number} */ to) => onRange(windowText(new Date(from), new Date(to)))} />
  </div>`;
}

/** @param {{selection: import("../../lib/log-calls.js").LogSelection}} props */
function Figures({ selection }) {
  const { data, error, isLoading, retry } = useRequest(logsSummary(selection));
  if (error) return html`<div class="logs-figures"><${Problem} error=${error} retry=${retry} isInline /></div>`;
  if (!data) return html`<div class="logs-figures"><${Skeleton} lines=${2} label="Loading the sums" /></div>`;
  const total = data.number_of_requests;
  const failed = data.error_count;
  return html`<dl class=${`logs-figures ${isLoading ? "logs-loading" : ""}`}>
    <div><dt>Logs</dt><dd title=${formatInteger(total)}>${total < 1e6 ? formatInteger(total) : formatCompact(total)}</dd></div>
    <div><dt>Errors</dt><dd class=${failed ? "bad" : ""} title=${`${formatInteger(failed)} failed`}>${formatPercent(total ? failed / total : 0)}</dd></div>
    <div><dt>Cost</dt><dd>${formatUsd(data.total_cost)}</dd></div>
    <div><dt>Latency p50 · p95</dt><dd>${formatSeconds(data.latency_p50)} · ${formatSeconds(data.latency_p95)}</dd></div>
  </dl>`;
}

/** @param {{selection: import("../../lib/log-calls.js").LogSelection, onRange: (range: string) => void}} props */
export function Strip({ selection, onRange }) {
  return html`<${Volume} selection=${selection} onRange=${onRange} /><${Figures} selection=${selection} />`;
}
