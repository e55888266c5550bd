/** What this server is, what it holds, and how it is. */
import { html } from "../../vendor/preact.js";
import { Problem } from "../../components/problem.js";
import { Skeleton } from "../../components/skeleton.js";
import { Time } from "../../components/time.js";
import { useRequest } from "../../lib/api.js";
import { formatBytes, formatInteger, formatSeconds } from "../../lib/format.js";

/** @type {Array<[string, string]>} */
const HELD = [["request_logs", "Request logs"], ["datasets", "Datasets"], ["dataset_logs", "Rows of datasets"], ["eval_reports", "Eval reports"]];

/** @param {{what: string, state: string}} props */
const Health = ({ what, state }) => html`<span class=${`chip ${state === "ok" ? "chip-good" : "chip-bad"}`}>${state === "ok" ? "✓" : "✗"} ${what}${state === "ok" ? "" : `: ${state}`}</span> `;

export default function About() {
  const { data, error, retry } = useRequest({ path: "/api/about/" });
  if (error && !data) return html`<${Problem} error=${error} retry=${retry} />`;
  if (!data) return html`<${Skeleton} lines=${6} />`;
  const { code_evaluators: code, counts, database, health } = data;
  return html`<dl class="settings-facts">
      <dt>Assay</dt><dd>${data.version} <span class="muted">on Python ${data.python_version}</span></dd>
      <dt>Health</dt><dd>${Object.entries(health).map(([what, state]) => html`<${Health} key=${what} what=${what} state=${String(state)} />`)}</dd>
      <dt>Up since</dt><dd><${Time} at=${data.started_at} /> <span class="muted">${formatSeconds(data.uptime_seconds)}</span></dd>
      <dt>Database</dt><dd>${database.kind === "sqlite" ? "SQLite" : "PostgreSQL"}, ${formatBytes(database.size_bytes)}</dd>
      ${data.data_directory && html`<dt>Data</dt><dd class="mono">${data.data_directory}</dd>`}
      <dt>Engine</dt><dd>${data.engine}</dd>
      ${HELD.map(([name, label]) => counts[name] && html`<dt key=${name}>${label}</dt><dd key=${`${name}-count`}>${counts[name].is_exact ? "" : "at least "}${formatInteger(counts[name].count)}</dd>`)}
      <dt>Python evaluators</dt><dd>${!code.is_enabled ? html`<span class="warn">cannot run here${code.reason ? `: ${code.reason}` : ""}</span>` : code.is_sandboxed ? "run in a sandbox" : html`<span class="warn">run without a sandbox${code.reason ? `: ${code.reason}` : ""}</span>`}</dd>
    </dl>
    <div class="row row-wrap"><${Retry} retry=${retry} /><a class="button" href="/docs" target="_blank" rel="noreferrer">API documentation</a></div>`;
}

/** @param {{retry: () => void}} props */
const Retry = ({ retry }) => html`<button type="button" class="button" onClick=${retry}>Look again</button>`;
