/** The trace that a log belongs to: its spans, indented below their parents. */
import { html } from "../../vendor/preact.js";
import { Problem } from "../../components/problem.js";
import { useRequest } from "../../lib/api.js";
import { formatSeconds } from "../../lib/format.js";
import { href } from "../../lib/url.js";
import { visibleText } from "../../lib/visible.js";

const DAY_MILLISECONDS = 86_400_000;
const MOST_SHOWN = 200;
const DEEPEST_INDENT = 12;

/** Spans in the order of the tree, each with its depth. @param {any[]} tree @param {number} depth @returns {Array<{span: any, depth: number}>} */
function flat(tree, depth = 0) {
  return tree.flatMap((span) => [{ span, depth }, ...flat(span.children ?? [], depth + 1)]);
}

/** @param {{traceId: string, at: string, currentId: string, onLog?: (id: string) => void}} props `at` is a moment of the trace */
export function TraceSpans({ traceId, at, currentId, onLog }) {
  // A trace is looked for around the moment of one of its spans.
  const [from, to] = [-DAY_MILLISECONDS, DAY_MILLISECONDS].map((shift) => new Date(Date.parse(at) + shift).toISOString());
  const { data, error, retry } = useRequest({ path: `/api/traces/${encodeURIComponent(traceId)}/`, params: { start_time: from, end_time: to } });
  if (error) return html`<${Problem} error=${error} retry=${retry} isInline />`;
  const spans = data ? flat(data.span_tree) : [];
  if (spans.length < 2) return null;
  return html`<section class="log-part" aria-label="Trace"><h3>Trace <span class="muted">${spans.length} spans · ${formatSeconds(data.duration)}</span></h3>
    <ol class="log-spans">
      ${spans.slice(0, MOST_SHOWN).map(({ span, depth }) => html`<li key=${span.id} class=${`log-span ${span.id === currentId ? "log-span-current" : ""}`} style=${{ paddingLeft: `${8 + 14 * Math.min(depth, DEEPEST_INDENT)}px` }}>
        <a class="cut" href=${href(`/logs/${span.id}`)} aria-current=${span.id === currentId || undefined}
          onClick=${(/** @type {MouseEvent} */ event) => onLog && !event.ctrlKey && !event.metaKey && (event.preventDefault(), onLog(span.id))}>${visibleText(span.span_name ?? span.log_type)}</a>
        <span class="muted small cut">${span.model ?? ""}</span>
        <span class="grow"></span>
        ${span.status !== "success" && html`<span class="bad small">✗ ${span.status}</span>`}
        <span class="muted small">${formatSeconds(span.latency)}</span>
      </li>`)}
    </ol>
    ${(spans.length > MOST_SHOWN || !data.span_tree_is_complete) && html`<p class="muted small">Only the first spans are shown.</p>`}
  </section>`;
}
