/** One log whole: what went in, what came out, what was said about it, where it belongs. */
import { html, useMemo } from "../../vendor/preact.js";
import { Problem } from "../../components/problem.js";
import { Score } from "../../components/score.js";
import { Skeleton } from "../../components/skeleton.js";
import { Time } from "../../components/time.js";
import { ValuePane } from "../../components/value-pane.js";
import { useRequest } from "../../lib/api.js";
import { formatInteger, formatSeconds, formatUsd } from "../../lib/format.js";
import { remembered } from "../../lib/settings.js";
import { href } from "../../lib/url.js";
import { visibleText } from "../../lib/visible.js";
import { LogStatus, valueOfScore } from "./columns.js";
import { TraceSpans } from "./trace-spans.js";

/** What is shown as a list of names, each a filter. */
const FIELDS = ["log_type", "environment", "customer_identifier", "thread_identifier", "session_identifier", "custom_identifier", "prompt_name", "span_name", "span_workflow_name", "trace_unique_id", "log_method", "error_code"];

/** Payloads come as JSON text. @param {any} text */
function payloadOf(text) {
  if (typeof text !== "string") return text;
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/** @param {{log: any}} props */
function Facts({ log }) {
  const tokens = log.total_request_tokens ?? (log.prompt_tokens ?? 0) + (log.completion_tokens ?? 0);
  return html`<p class="log-facts">
    <${LogStatus} log=${log} /><${Time} at=${log.timestamp} />
    ${log.model && html`<span>${log.model}</span>`}
    ${log.latency !== null && html`<span title="Latency">${formatSeconds(log.latency)}</span>`}
    ${tokens > 0 && html`<span title=${`${formatInteger(log.prompt_tokens)} in, ${formatInteger(log.completion_tokens)} out`}>${formatInteger(tokens)} tokens</span>`}
    ${log.is_cost_known && html`<span title="Cost">${formatUsd(log.cost)}</span>`}
  </p>`;
}

/** @param {{scores: Record<string, any> | any[]}} props */
function LogScores({ scores }) {
  const all = Array.isArray(scores) ? scores : Object.values(scores ?? {});
  if (!all.length) return null;
  return html`<section class="log-part" aria-label="Scores"><h3>Scores</h3>
    ${all.map((score) => html`<div key=${score.id ?? score.evaluator_slug} class="log-score">
      <span class="cut" title=${score.evaluator_slug}>${score.evaluator_name ?? score.evaluator_slug}</span>
      <${Score} value=${valueOfScore(score)} isPassed=${score.is_passed ?? null} digits=${3} />
      ${score.explanation && html`<p class="muted small">${visibleText(score.explanation)}</p>`}
    </div>`)}
  </section>`;
}

/** @param {{id: string}} props */
function InDatasets({ id }) {
  const { data, error, retry } = useRequest({ path: `/api/request-logs/${id}/datasets/` });
  if (error) return html`<${Problem} error=${error} retry=${retry} isInline />`;
  if (!data?.count) return null;
  return html`<section class="log-part" aria-label="In datasets"><h3>In datasets</h3>
    <p class="row row-wrap">${data.results.map((/** @type {any} */ each) => html`<a key=${each.log_id} class="chip chip-accent" href=${href(`/datasets/${each.dataset_id}`, { row: each.log_id })}>${each.name}</a>`)}</p>
  </section>`;
}

/**
 * @param {{id: string, onFilter?: (key: string, value: any) => void, onColumn?: (path: string) => void, onLog?: (id: string) => void}} props
 *   what is handed out are keys of the filter language; `onLog` opens another log of the same trace
 */
export function LogDetail({ id, onFilter, onColumn, onLog }) {
  const { data, error, retry } = useRequest({ path: `/api/request-logs/${encodeURIComponent(id)}/` });
  const mode = remembered("log.mode", "");
  const log = data?.id === id ? data : null;
  const input = useMemo(() => payloadOf(log?.input), [log]);
  const output = useMemo(() => payloadOf(log?.output), [log]);
  if (error) return html`<${Problem} error=${error} retry=${retry} />`;
  if (!log) return html`<${Skeleton} lines=${8} label="Loading the log" />`;
  const named = FIELDS.filter((name) => log[name] !== null && log[name] !== undefined && log[name] !== "");
  const pane = { mode: mode.value, onMode: (/** @type {string} */ next) => (mode.value = next), onFilter };
  return html`<div class="log-detail">
    <${Facts} log=${log} />
    ${log.error_message && html`<p class="log-error bad" role="note">${visibleText(log.error_message)}</p>`}
    <${ValuePane} ...${pane} label="Input" path="input" value=${input} downloadName=${`${id}-input.json`} />
    <${ValuePane} ...${pane} label="Output" path="output" value=${output} expected=${log.expected_output ?? undefined} downloadName=${`${id}-output.json`} />
    ${log.expected_output !== null && html`<${ValuePane} ...${pane} label="Expected" path="expected_output" value=${log.expected_output} />`}
    <${LogScores} scores=${log.scores} />
    ${Object.keys(log.metadata ?? {}).length > 0 && html`<${ValuePane} label="Metadata" path="metadata" value=${log.metadata} onFilter=${onFilter} onColumn=${onColumn} />`}
    <section class="log-part" aria-label="Fields"><h3>Fields</h3>
      <dl class="log-fields">
        <div><dt>id</dt><dd class="mono">${log.id}</dd></div>
        ${named.map((name) => html`<div key=${name}><dt>${name}</dt><dd class="cut" title=${String(log[name])}>${onFilter
          ? html`<button type="button" class="log-field" title=${`Filter by ${name}`} onClick=${() => onFilter(name, log[name])}>${visibleText(String(log[name]))}</button>`
          : visibleText(String(log[name]))}</dd></div>`)}
      </dl>
    </section>
    ${log.trace_unique_id && html`<${TraceSpans} traceId=${log.trace_unique_id} at=${log.timestamp} currentId=${id} onLog=${onLog} />`}
    <${InDatasets} id=${id} />
  </div>`;
}
