/** The evaluators there are: judges, code, built-in measures and questions to people. */
import { html, useEffect, useMemo, useRef, useState } from "../vendor/preact.js";
import { copyText } from "../components/copy-button.js";
import { Empty } from "../components/empty.js";
import { ExportMenu } from "../components/export-menu.js";
import { FilterBar } from "../components/filter-bar.js";
import { GridFoot } from "../components/grid-foot.js";
import { LazyPart } from "../components/lazy-part.js";
import { Menu } from "../components/menu.js";
import { PageHead } from "../components/page-head.js";
import { Time } from "../components/time.js";
import { VirtualGrid } from "../components/virtual-grid.js";
import { request } from "../lib/api.js";
import { useOffer } from "../lib/commands.js";
import { parseQuery, toFilters } from "../lib/query.js";
import { useRows } from "../lib/rows.js";
import { toast } from "../lib/toast.js";
import { href, navigate, useParam } from "../lib/url.js";
import { KINDS, SCORE_TYPES, kindOf } from "./evaluator/kinds.js";
import { deleteEvaluator, duplicateEvaluator, pending } from "./evaluator/pending.js";

const newDialog = () => import("./evaluator/new-dialog.js").then((module) => module.NewEvaluatorDialog);
const PAGE_SIZE = 100;
const NOUN = "evaluator";

/** @param {any} evaluator */
const version = (evaluator) => (evaluator.is_builtin ? "" : `v${evaluator.version}${evaluator.is_read_only ? "" : " draft"}`);

/** @param {any} evaluator */
function copySlug(evaluator) {
  copyText(evaluator.evaluator_slug).then(() => toast(`Copied ${evaluator.evaluator_slug}`, { kind: "good" }));
}

/** @param {{evaluator: any}} props */
function RowMenu({ evaluator }) {
  const duplicate = () =>
    duplicateEvaluator(evaluator).then(
      (copy) => navigate(`/evaluators/${copy.evaluator_slug}`),
      (error) => toast(error.message, { kind: "bad" }),
    );
  return html`<${Menu} kind="icon" label="⋯" name=${`Actions for ${evaluator.name}`} items=${[
    { label: "Copy slug", run: () => copySlug(evaluator) },
    { label: "Duplicate", run: duplicate },
    !evaluator.is_builtin && { label: "Delete", isDanger: true, run: () => deleteEvaluator(evaluator) },
  ]} />`;
}

/** What a score may be, in a word or two. @param {any} evaluator */
function scale(evaluator) {
  const { min_score: low, max_score: high } = evaluator.score_config ?? {};
  const type = SCORE_TYPES[evaluator.score_value_type] ?? evaluator.score_value_type;
  return typeof low === "number" && typeof high === "number" ? `${type} ${low}–${high}` : type;
}

const COLUMNS = [
  { id: "name", label: "Name", width: 230, isSortable: true, isPinned: true, render: (/** @type {any} */ each) => html`<a class="cut" href=${href(`/evaluators/${each.evaluator_slug}`)}>${each.name}</a>` },
  { id: "evaluator_slug", label: "Slug", width: 190, isSortable: true, render: (/** @type {any} */ each) => html`<button type="button" class="evaluator-slug mono" title="Copy the slug" onClick=${() => copySlug(each)}>${each.evaluator_slug}</button>` },
  { id: "type", label: "Kind", width: 100, isSortable: true, render: (/** @type {any} */ each) => KINDS[kindOf(each)] },
  { id: "score", label: "Score", width: 130, render: scale },
  { id: "version", label: "Version", width: 80, render: version },
  { id: "description", label: "Description", width: 270, render: (/** @type {any} */ each) => html`<span class="muted cut">${each.description}</span>` },
  { id: "updated_at", label: "Updated", width: 120, isSortable: true, render: (/** @type {any} */ each) => html`<${Time} at=${each.updated_at} />` },
  { id: "actions", label: "", width: 44, render: (/** @type {any} */ each) => html`<${RowMenu} evaluator=${each} />` },
];

/** @param {{params: Record<string, string>}} props */
export default function Evaluators(props) {
  const [q, setQ] = useParam("q");
  const [sort, setSort] = useParam("sort", "-updated_at");
  const [isNew, setNew] = useParam("new");
  const [current, setCurrent] = useState(/** @type {string | null} */ (null));
  const query = useMemo(() => parseQuery(q, NOUN), [q]);
  const { filters, search } = query.problems.length ? { filters: {} } : toFilters(query);
  const call = { method: "POST", path: "/api/evaluators/list/", params: { sort_by: sort }, body: { filters, ...(search ? { search } : {}) } };
  const rows = useRows({
    key: query.problems.length ? null : JSON.stringify(call),
    pageSize: PAGE_SIZE,
    removed: pending.value,
    loadPage: async (number, abort) => {
      const answer = await request(call.method, call.path, { params: { ...call.params, page: number, page_size: PAGE_SIZE }, body: call.body, signal: abort });
      return { rows: answer.results, total: answer.total_count };
    },
  });
  const hidden = pending.value;
  const before = useRef(hidden);
  useEffect(() => {
    rows.remove(hidden);
    rows.restore([...before.current].filter((id) => !hidden.has(id)));
    before.current = hidden;
  }, [hidden]);
  useOffer([{ label: "New evaluator", run: () => setNew("1") }]);
  const open = (/** @type {string} */ id) => {
    const row = rows.at(rows.indexOf(id));
    if (row) navigate(`/evaluators/${row.evaluator_slug}`);
  };
  const isFiltered = q.trim() !== "";
  return html`<div class="evaluators">
    <${PageHead} title="Evaluators" actions=${html`<${ExportMenu} call=${call} name="evaluators" noun="evaluator" total=${rows.total} query=${query} />
      <button type="button" class="button button-primary" onClick=${() => setNew("1")}>New evaluator</button>`} />
    <div class="evaluators-bar"><${FilterBar} noun=${NOUN} value=${q} onChange=${setQ}
      placeholder="Filter: type:llm score_value_type:boolean “words”" label="Filter evaluators" /></div>
    <${VirtualGrid} label="Evaluators" rows=${rows} columns=${COLUMNS} current=${current} onCurrent=${setCurrent} onOpen=${open} sort=${sort} onSort=${setSort}
      linkOf=${(/** @type {any} */ row) => href(`/evaluators/${row.evaluator_slug}`)} copyOf=${(/** @type {any} */ row) => row}
      empty=${html`<${Empty} title=${isFiltered ? "No evaluator matches" : "No evaluators"} text="An evaluator scores rows: by a model, by code, by a known measure, or by people.">
        ${isFiltered ? html`<button type="button" class="button" onClick=${() => setQ("")}>Clear the filter</button>`
          : html`<button type="button" class="button button-primary" onClick=${() => setNew("1")}>New evaluator</button>`}</${Empty}>`}
      footer=${html`<${GridFoot} rows=${rows} noun="evaluator" hints=${[["row.next", ""], ["row.previous", "move"], ["row.open", "open"], ["filter", "filter"], ["help", "all keys"]]} />`} />
    ${isNew && html`<${LazyPart} load=${newDialog} onClose=${() => setNew(null)} />`}
  </div>`;
}
