/** What a row holds: its values, scores, facts and history. */
import { html, useState } from "../../vendor/preact.js";
import { formatInteger, formatSeconds, formatUsd } from "../../lib/format.js";
import { href } from "../../lib/url.js";
import { Score } from "../../components/score.js";
import { Time } from "../../components/time.js";
import { ValuePane } from "../../components/value-pane.js";
import { RowHistory } from "./row-history.js";

/** @param {any} value */
const isNothing = (value) => value === null || value === undefined || (typeof value === "object" && Object.keys(value).length === 0);

/**
 * @param {{row: any, datasetId: string, version: string | null, mode: string, onMode: (mode: string) => void,
 *   onFilter: (path: string, value: any) => void, onColumn: (path: string) => void}} props `mode` is that of the output
 */
export function RowView({ row, datasetId, version, mode, onMode, onFilter, onColumn }) {
  const hooks = { onFilter, onColumn };
  return html`
    <${ValuePane} key=${`input ${row.id}`} label="Input" path="input" value=${row.input} downloadName=${`${row.id}-input.json`} ...${hooks} />
    <${ValuePane} key=${`output ${row.id}`} label="Output" path="output" value=${row.output} expected=${row.expected_output ?? undefined} mode=${mode} onMode=${onMode} downloadName=${`${row.id}-output.json`} ...${hooks} />
    <${ValuePane} key=${`expected ${row.id}`} label="Expected" path="expected_output" value=${row.expected_output} downloadName=${`${row.id}-expected.json`} ...${hooks} />
    ${row.scores.length > 0 && html`<${Scores} scores=${row.scores} />`}
    ${!isNothing(row.metadata) && html`<${ValuePane} key=${`metadata ${row.id}`} label="Metadata" path="metadata" value=${row.metadata} ...${hooks} />`}
    ${!isNothing(row.metrics) && html`<${ValuePane} key=${`metrics ${row.id}`} label="Metrics" path="metrics" value=${row.metrics} ...${hooks} />`}
    <${Facts} row=${row} />
    <${RowHistory} key=${`history ${row.id} ${row.updated_at}`} datasetId=${datasetId} row=${row} version=${version} />`;
}

/** @param {{scores: any[]}} props */
function Scores({ scores }) {
  return html`<section class="panel-section" aria-label="Scores">
    <h3>Scores</h3>
    <ul class="dataset-row-scores">${scores.map((score) => html`<li key=${score.id}>
      <a class="cut" href=${href(`/evaluators/${score.evaluator_slug ?? score.evaluator_id}`)}>${score.evaluator_slug ?? score.evaluator_id}</a>
      ${score.status === "failed" ? html`<span class="chip chip-bad">✗ error</span>` : html`<${Score} value=${score.score_value ?? valueOf(score)} isPassed=${score.is_passed} kind=${score.score_value_type} />`}
      <span class="muted small">${score.scorer ? "by a person" : score.is_corrected ? "corrected" : ""}</span>
      ${(score.explanation || score.error_message) && html`<${Why} text=${score.explanation || score.error_message} />`}
    </li>`)}</ul>
  </section>`;
}

const LONG = 280;

/** @param {{text: string}} props */
function Why({ text }) {
  const [isOpen, setIsOpen] = useState(false);
  const isLong = text.length > LONG;
  return html`<p class="muted small dataset-why">${isOpen || !isLong ? text.slice(0, 20_000) : `${text.slice(0, LONG)}… `}
    ${isLong && html`<button type="button" class="button button-quiet" onClick=${() => setIsOpen(!isOpen)}>${isOpen ? "Less" : "More"}</button>`}</p>`;
}

/** @param {any} score */
const valueOf = (score) => score.numerical_value ?? score.boolean_value ?? score.categorical_value ?? score.string_value ?? score.json_value;

/** @param {{row: any}} props */
function Facts({ row }) {
  /** @type {Array<[string, any]>} */
  const facts = [
    ["Model", row.model],
    ["Status", row.status === "error" ? html`<span class="bad">✗ ${row.error_message ?? "error"}</span>` : row.status],
    ["Latency", row.latency === null ? null : formatSeconds(row.latency)],
    ["Cost", row.cost === null ? null : formatUsd(row.cost)],
    ["Tokens", row.total_request_tokens === null ? null : formatInteger(row.total_request_tokens)],
    ["Customer", row.customer_identifier],
    ["Source", row.original_copy_unique_id && html`<a href=${href(`/logs/${row.original_copy_unique_id}`)}>the log it was copied from</a>`],
    ["Logged", html`<${Time} at=${row.timestamp} />`],
    ["Added", html`<${Time} at=${row.created_at} />`],
    ["Updated", html`<${Time} at=${row.updated_at} />`],
    ["Id", html`<span class="mono">${row.id}</span>`],
  ];
  return html`<section class="panel-section" aria-label="Facts"><h3>Facts</h3>
    <dl class="panel-facts">${facts.filter(([, value]) => value).map(([name, value]) => html`<dt key=${name}>${name}</dt><dd key=${`${name} value`}>${value}</dd>`)}</dl>
  </section>`;
}
