/** A score by the values of a metadata path: each value against all other rows, the worst first. */
import { html, useMemo } from "../../vendor/preact.js";
import { useRequest } from "../../lib/api.js";
import { formatInteger, formatPercent, formatScore } from "../../lib/format.js";
import { setParams, useParam } from "../../lib/url.js";
import { Forest } from "../../components/forest.js";
import { Problem } from "../../components/problem.js";
import { Skeleton } from "../../components/skeleton.js";

const SIGNIFICANT = 0.05;

/** The dotted paths of text, numbers and flags in some metadata. @param {any} value @param {string} path @param {Set<string>} into */
function collect(value, path, into) {
  if (value !== null && typeof value === "object" && !Array.isArray(value)) {
    for (const [name, part] of Object.entries(value)) if (path.split(".").length < 5) collect(part, `${path}.${name}`, into);
  } else if (!Array.isArray(value)) into.add(path);
}

/** The metadata paths with the fewest values first: those slice best. @param {any[]} rows */
function pathsOf(rows) {
  const paths = /** @type {Set<string>} */ (new Set());
  for (const row of rows) collect(row.log?.metadata ?? {}, "metadata", paths);
  /** @param {string} path */
  const distinct = (path) => new Set(rows.map((row) => JSON.stringify(path.split(".").slice(1).reduce((value, name) => value?.[name], row.log?.metadata)))).size;
  const sizes = new Map([...paths].map((path) => [path, distinct(path)]));
  return [...paths].sort((one, other) => Number(sizes.get(one) === 1) - Number(sizes.get(other) === 1) || (sizes.get(one) ?? 0) - (sizes.get(other) ?? 0));
}

/** "▼ worse than the rest", only where the adjusted p says so. @param {any} slice @param {string} direction */
function verdictOf(slice, direction) {
  const p = slice.adjusted_p_value;
  if (slice.difference === null || p === null) return { tone: "none", text: slice.reason ?? "not compared" };
  const written = p < 0.001 ? "p < .001" : `p = ${p.toFixed(3).replace(/^0/, "")}`;
  if (p >= SIGNIFICANT) return { tone: "none", text: `≈ no clear difference, ${written}` };
  const isUp = (slice.difference.estimate ?? slice.difference) > 0;
  const isGood = direction === "none" ? null : isUp === (direction !== "lower");
  return { tone: isGood === null ? "none" : isGood ? "good" : "bad", text: `${isUp ? "▲" : "▼"} ${isUp ? "above" : "below"} the rest, ${written}` };
}

/** @param {{report: any, path: string, view: any}} props */
export function SlicesView({ report, path, view }) {
  const [by, setBy] = useParam("slice");
  const [measure, setMeasure] = useParam("measure", "mean");
  const slug = view.first;
  const sample = useRequest({ path: `${path}rows/`, params: { include: "log", page_size: 200 } });
  const paths = useMemo(() => pathsOf(sample.data?.results ?? []), [sample.data]);
  const chosen = by || paths[0] || "";
  const { data, error, isLoading, retry } = useRequest(chosen ? { path: `${path}slices/`, params: { by: chosen, evaluator_slug: slug } } : null);
  const parts = data && (data[measure] ?? data.mean ?? data.pass_rate);
  const isRate = parts?.kind === "pass_rate";
  /** @param {number} value */
  const write = (value) => (isRate ? formatPercent(value) : formatScore(value, 3));
  const sign = data?.direction === "lower" && !isRate ? -1 : 1;
  const rows = [...(parts?.slices ?? [])].sort((one, other) => sign * ((one.estimate ?? Infinity) - (other.estimate ?? Infinity))).map((slice) => {
    const { tone, text } = verdictOf(slice, isRate ? "higher" : data.direction);
    const name = slice.is_other ? "all other values" : slice.label ?? "(none)";
    return {
      id: `${slice.is_other} ${slice.label}`, label: name, estimate: slice.estimate, lower: slice.confidence_interval?.lower ?? null,
      upper: slice.confidence_interval?.upper ?? null, tone, cells: [formatInteger(slice.n), html`<span class=${tone}>${text}</span>`],
      onOpen: slice.is_other ? undefined : () => setParams({ show: "all", label: `${chosen}:${slice.label ?? ""}`, row: null }),
    };
  });
  const whole = report.evaluators.find((/** @type {any} */ task) => task.evaluator_slug === slug);
  const zero = isRate ? (whole?.summary?.pass_rate?.rate ?? null) : (whole?.score ?? null);
  return html`<div class="stack">
    <div class="row row-wrap">
      <label class="row">Rows by <input type="text" class="mono" list="slice-paths" value=${chosen} placeholder="metadata.topic" aria-label="Metadata path"
        onChange=${(/** @type {any} */ event) => setBy(event.target.value.trim())} /></label>
      <datalist id="slice-paths">${paths.map((one) => html`<option key=${one} value=${one} />`)}</datalist>
      ${paths.slice(0, 6).map((one) => html`<button key=${one} type="button" class="button button-quiet" aria-pressed=${one === chosen} onClick=${() => setBy(one)}>${one.slice(9)}</button>`)}
      ${data?.mean && data?.pass_rate && html`<select value=${isRate ? "pass_rate" : "mean"} aria-label="Figure" onChange=${(/** @type {any} */ event) => setMeasure(event.target.value)}>
        <option value="mean">mean</option><option value="pass_rate">pass rate</option></select>`}
    </div>
    ${error ? html`<${Problem} error=${error} retry=${retry} />`
      : !chosen && sample.data ? html`<p class="muted">The rows have no metadata to compare by. Add some to the rows of the dataset, such as <code>{"topic": "billing"}</code>.</p>`
      : parts ? html`<${Forest} rows=${rows} label=${`${slug} by ${chosen}`} name=${chosen.replace(/^metadata\./, "")} zero=${zero} format=${write} columns=${["rows", "against all other rows"]} />
          <p class="muted small">Click a value to see its rows. The dashed line is the whole report. ${parts.method}.</p>`
      : data ? html`<p class="muted">Nothing to compare yet.</p>`
      : isLoading && html`<${Skeleton} lines=${5} />`}
  </div>`;
}
