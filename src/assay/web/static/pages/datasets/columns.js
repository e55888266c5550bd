/** The columns of the list of datasets. */
import { html } from "../../vendor/preact.js";
import { Figure } from "../../components/figure.js";
import { Menu } from "../../components/menu.js";
import { Sparkline } from "../../components/sparkline.js";
import { Time } from "../../components/time.js";
import { formatInteger } from "../../lib/format.js";
import { figureOf, useTrend } from "../../lib/trends.js";
import { href } from "../../lib/url.js";
import { visibleText } from "../../lib/visible.js";

const SHOWN_SCORES = 3;

/** @param {{id: string}} props */
function LatestReport({ id }) {
  const lines = useTrend(id);
  if (lines === null) return html`<span class="visually-hidden">loading</span>`;
  const latest = lines.at(-1);
  if (!latest) return html`<span class="muted">no report yet</span>`;
  return html`<a class="datasets-report cut" href=${href(`/datasets/${id}/reports/${latest.id}`)} title=${latest.name}>
    ${latest.evaluators.slice(0, SHOWN_SCORES).map((/** @type {any} */ part) => html`<${Figure} key=${part.evaluator_slug} part=${part} />`)}
    ${latest.evaluators.length > SHOWN_SCORES && html`<span class="muted">+${latest.evaluators.length - SHOWN_SCORES}</span>`}
  </a>`;
}

/** @param {{id: string}} props */
function Trend({ id }) {
  const lines = useTrend(id);
  const slug = lines?.at(-1)?.evaluators[0]?.evaluator_slug;
  if (!lines || !slug) return null;
  const parts = lines.map((line) => line.evaluators.find((/** @type {any} */ each) => each.evaluator_slug === slug));
  return html`<${Sparkline} label=${slug} points=${parts.map((part) => (part ? figureOf(part).value : null))} />`;
}

/** @typedef {{onStar: (row: any) => void, onRun: (row: any) => void, onDuplicate: (row: any) => void, onDelete: (row: any) => void}} Actions */

/** @param {any} row @param {Actions} actions */
const menuOf = (row, actions) => [
  { label: "Run eval", run: () => actions.onRun(row) },
  { label: row.starred ? "Remove the star" : "Star", run: () => actions.onStar(row) },
  { label: "Duplicate", run: () => actions.onDuplicate(row) },
  { label: "Settings", href: href(`/datasets/${row.id}/settings`) },
  null,
  { label: "Delete", isDanger: true, run: () => actions.onDelete(row) },
];

/** @param {Actions} actions @returns {import("../../lib/grid-columns.js").Column[]} */
export function columnsOf(actions) {
  return [
    { id: "name", label: "Name", width: 240, grow: true, isSortable: true, isPinned: true, render: (row) => html`<span class="datasets-name">
        <button type="button" class="datasets-star" tabindex="-1" aria-pressed=${row.starred} aria-label=${`Star ${row.name}`} onClick=${() => actions.onStar(row)}>${row.starred ? "★" : "☆"}</button>
        <a class="cut" href=${href(`/datasets/${row.id}`)} title=${row.description}>${visibleText(row.name)}</a>
        ${row.status !== "ready" && html`<span class=${`chip ${row.status === "failed" ? "chip-bad" : "chip-accent"}`}>${row.status}</span>`}</span>` },
    { id: "log_count", label: "Rows", width: 90, align: "end", isSortable: true, render: (row) => formatInteger(row.log_count) },
    { id: "report", label: "Latest report", width: 440, render: (row) => html`<${LatestReport} id=${row.id} />` },
    { id: "trend", label: "Trend (last 8)", width: 120, render: (row) => html`<${Trend} id=${row.id} />` },
    { id: "updated_at", label: "Updated", width: 120, isSortable: true, render: (row) => html`<${Time} at=${row.updated_at} />` },
    { id: "tags", label: "Tags", width: 110, render: (row) => row.tags.map((/** @type {any} */ tag) => html`<span key=${tag.id} class="chip">${visibleText(tag.name)}</span> `) },
    { id: "actions", label: "", name: "Actions", width: 44, render: (row) => html`<${Menu} kind="icon" label="⋯" name=${`Actions of ${row.name}`} items=${menuOf(row, actions)} />` },
  ];
}
