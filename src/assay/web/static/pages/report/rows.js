/** The rows of a report as a table that never moves under its reader: new ones wait behind a button. */
import { html, useEffect, useMemo, useState } from "../../vendor/preact.js";
import { request } from "../../lib/api.js";
import { formatInteger, plural } from "../../lib/format.js";
import { Key } from "../../lib/keys.js";
import { isOver, rowParams } from "../../lib/report.js";
import { useRows } from "../../lib/rows.js";
import { href, setParams, useParam, where } from "../../lib/url.js";
import { Empty } from "../../components/empty.js";
import { Problem } from "../../components/problem.js";
import { VirtualGrid } from "../../components/virtual-grid.js";
import { columnsOf } from "./columns.js";
import { LazyPart } from "../../components/lazy-part.js";

const loadPanel = () => import("./row-panel.js").then((module) => module.default);
const PAGE_SIZE = 100;

/** @type {Record<string, [string, string]>} */
const NOTHING = {
  failures: ["No failures", "Every row that was judged passes."],
  passed: ["No row passed", "Every row that was judged fails."],
  errors: ["No errors", "Every judgement that was made has a score."],
  all: ["No rows", "This version of the dataset is empty, or nothing matches."],
  pending: ["Nothing is pending", "Every judgement was made."],
};

/** @param {{report: any, path: string, view: any, rules: Record<string, any>, definitions: Record<string, any>}} props */
export function ReportRows({ report, path, view, rules, definitions }) {
  const [open, setOpen] = useParam("row");
  const [highlighted, setHighlighted] = useState("");
  const current = open || highlighted || null;
  const task = report.evaluators.find((/** @type {any} */ one) => one.evaluator_slug === (view.range?.slug ?? view.first));
  const params = rowParams(view, task, rules[view.first]);
  const key = JSON.stringify([path, params]);
  const rows = useRows({
    key,
    pageSize: PAGE_SIZE,
    getId: (row) => row.log_id,
    loadPage: (number, abort) =>
      request("GET", `${path}rows/`, { params: { ...params, page: number, page_size: PAGE_SIZE }, signal: abort }).then((page) => ({
        rows: page.results,
        total: page.count,
        isExact: true,
      })),
  });
  const over = isOver(report.state);
  const fresh = useFresh({ report, view, rows, key });
  const columns = useMemo(
    () => columnsOf(report.evaluators, view.show, view.range?.slug ?? view.first),
    [report.evaluators.map((/** @type {any} */ one) => `${one.evaluator_slug} ${one.minimum} ${one.maximum}`).join(), view.show, view.first, view.range?.slug],
  );
  const [title, why] = NOTHING[view.show] ?? NOTHING.all;
  const at = current ? rows.indexOf(current) : -1;
  /** @param {string} id */
  const highlight = (id) => {
    setHighlighted(id);
    if (open) setOpen(id, { replace: true });
  };
  /** @param {number} step */
  const move = (step) => {
    const next = rows.at(at + step);
    if (next) highlight(next.log_id);
    else rows.want(at + step, at + step + 1);
  };
  return html`<div class="report-rows">
    <div class="report-table">
      ${rows.error && !rows.total
        ? html`<${Problem} error=${rows.error} retry=${rows.retry} />`
        : html`<${VirtualGrid} label=${`Rows of ${report.name}`} rows=${rows} columns=${columns} getId=${(/** @type {any} */ row) => row.log_id}
            current=${current} onCurrent=${highlight} onOpen=${(/** @type {string} */ id) => setOpen(id)}
            linkOf=${(/** @type {any} */ row) => href(where.peek().path, { ...Object.fromEntries(where.peek().params), row: row.log_id })}
            empty=${html`<${Empty} title=${over || view.show === "all" ? title : `${title} so far`} text=${over ? why : "Rows appear here as they are judged."} />`}
            footer=${html`<${Foot} total=${rows.total} show=${view.show} fresh=${fresh} />`} />`}
    </div>
    ${open && html`<${LazyPart} load=${loadPanel} key="panel" report=${report} path=${path} logId=${open} definitions=${definitions}
      onClose=${() => setParams({ row: null })} onPrevious=${at > 0 ? () => move(-1) : null}
      onNext=${at >= 0 && rows.total !== null && at < rows.total - 1 ? () => move(1) : null} />`}
  </div>`;
}

/** @param {{total: number | null, show: string, fresh: {count: number, text: string, reload: () => void}}} props */
function Foot({ total, show, fresh }) {
  const noun = show === "failures" ? "failures" : show === "errors" ? "rows with errors" : "rows";
  return html`<div class="grid-foot small muted"><span>${total === null ? "" : `${formatInteger(total)} ${noun}`}</span>
    ${fresh.count > 0 && html`<button type="button" class="report-fresh" onClick=${fresh.reload}>${fresh.text}</button>`}
    ${[["row.next", "next row"], ["row.open", "open"], ["failures", "failures only"], ["help", "all keys"]].map(
      ([id, text]) => html`<span key=${id} class="row"><${Key} id=${id} /> ${text}</span>`)}</div>`;
}

/**
 * How many rows came or were judged since the table was loaded; while it is still empty it loads by itself.
 * @param {{report: any, view: any, rows: any, key: string}} how
 */
function useFresh({ report, view, rows, key }) {
  const counts = (view.by ? report.evaluators.find((/** @type {any} */ task) => task.evaluator_slug === view.by)?.row_counts : null) ?? report.row_counts;
  const isPlain = !view.range && !view.label && view.mark === null;
  const comparable = isPlain ? { failures: counts?.failure_count, errors: counts?.error_count }[/** @type {string} */ (view.show)] : undefined;
  const judged = counts?.judged_count ?? 0;
  const [loaded, setLoaded] = useState({ key: "", judged: 0 });
  useEffect(() => {
    if (loaded.key !== key && counts) setLoaded({ key, judged });
  }, [key, Boolean(counts)]);
  const reload = () => {
    setLoaded({ key, judged });
    rows.reload();
  };
  const isReady = rows.total !== null && !rows.isStale && loaded.key === key;
  const more = !isReady ? 0 : comparable === undefined ? judged - loaded.judged : comparable - rows.total;
  useEffect(() => {
    if (rows.total === 0 && more > 0) reload();
  }, [rows.total === 0, more > 0]);
  const text = comparable === undefined ? `${plural(Math.max(0, more), "row")} judged since · refresh` : `${plural(Math.max(0, more), "new row")} · show`;
  return { count: rows.total === 0 ? 0 : Math.max(0, more), text, reload };
}
