/** Eval reports as a table: of one dataset or of all, filtered, exported, and moving while they run. */
import { html, useMemo, useState } from "../vendor/preact.js";
import { invalidate, request } from "../lib/api.js";
import { plural } from "../lib/format.js";
import { useEvents } from "../lib/live.js";
import { parseQuery, toFilters } from "../lib/query.js";
import { isOver, withProgress } from "../lib/report.js";
import { useRows } from "../lib/rows.js";
import { href, navigate, useParam } from "../lib/url.js";
import { Empty } from "./empty.js";
import { ExportMenu } from "./export-menu.js";
import { FilterBar } from "./filter-bar.js";
import { Problem } from "./problem.js";
import { VirtualGrid } from "./virtual-grid.js";
import { reportColumns } from "./report-columns.js";

const NOUN = "eval report";
const LIST = "/api/eval-reports/list/";
const TRENDS = "/api/eval-reports/trends/";
const PAGE_SIZE = 50;

/** The page of a report. @param {any} report */
export const reportHref = (report) => href(`/datasets/${report.dataset_id}/reports/${report.id}`);

/**
 * @param {{datasetId?: string | null, onRun?: () => void}} props without a dataset the reports of all are listed; `onRun` opens
 *   the dialog that runs an eval, where there is one
 */
export function ReportList({ datasetId = null, onRun }) {
  const [q, setQ] = useParam("q");
  const [sort, setSort] = useParam("sort", "-created_at");
  const [highlighted, setHighlighted] = useState(/** @type {string | null} */ (null));
  const [fresh, setFresh] = useState(/** @type {string[]} */ ([]));
  const query = useMemo(() => parseQuery(q, NOUN), [q]);
  const { filters, search } = toFilters(query);
  const call = { method: "POST", path: LIST, params: { sort_by: sort, search: search || null, dataset_id: datasetId }, body: { filters } };
  const rows = useRows({
    key: JSON.stringify([call.params, filters]),
    pageSize: PAGE_SIZE,
    loadPage: (page, signal) =>
      request("POST", LIST, { params: { ...call.params, page, page_size: PAGE_SIZE }, body: call.body, signal }).then((found) => ({
        rows: found.results,
        total: found.count,
        isExact: true,
      })),
  });
  useEvents({}, ({ reports }) => {
    for (const snapshot of reports) {
      if (datasetId && snapshot.dataset_id !== datasetId) continue;
      const there = rows.at(rows.indexOf(snapshot.id));
      if (!there) setFresh((last) => (rows.total === null || last.includes(snapshot.id) || isOld(snapshot, rows) ? last : [...last, snapshot.id]));
      else if (isOver(snapshot.state) && !isOver(there.state)) void showEnd(there.id, rows);
      else rows.patch(there.id, withProgress(there, snapshot));
    }
  });
  const columns = useMemo(() => reportColumns(datasetId === null), [datasetId]);
  const open = (/** @type {string} */ id) => {
    const report = rows.at(rows.indexOf(id));
    if (report) navigate(`/datasets/${report.dataset_id}/reports/${report.id}`);
  };
  const empty = q
    ? html`<${Empty} title="No report matches" text="The filter leaves nothing over."><button type="button" class="button" onClick=${() => setQ(null)}>Show all reports</button></${Empty}>`
    : html`<${Empty} title="No eval report yet" text="A report holds the scores that evaluators give to the rows of a dataset, with intervals, costs and reasons.">
        ${onRun ? html`<button type="button" class="button button-primary" onClick=${onRun}>Run eval</button>` : html`<a class="button button-primary" href=${href("/datasets")}>Run eval</a>`}
        <a class="button" href=${href("/evaluators")}>See evaluators</a></${Empty}>`;
  return html`<div class="report-list">
    <div class="report-list-bar row row-wrap">
      <div class="grow"><${FilterBar} noun=${NOUN} value=${q} onChange=${setQ}
        placeholder="Filter: status:completed name:nightly" label="Filter reports" /></div>
      <${ExportMenu} call=${call} name="reports" noun="report" total=${rows.total} query=${query} />
    </div>
    <div class="report-table">
      ${rows.error && rows.total === null
        ? html`<${Problem} error=${rows.error} retry=${rows.retry} />`
        : html`<${VirtualGrid} label="Eval reports" rows=${rows} columns=${columns} current=${highlighted} onCurrent=${setHighlighted} onOpen=${open}
            linkOf=${reportHref} sort=${sort} onSort=${(/** @type {string} */ next) => setSort(next || null)} empty=${empty}
            footer=${html`<div class="grid-foot">${rows.total === null ? "" : plural(rows.total, "report")}
              ${fresh.length > 0 && html`<button type="button" class="report-fresh" onClick=${() => (setFresh([]), invalidate(TRENDS), rows.reload())}>${plural(fresh.length, "new report")} · show</button>`}</div>`} />`}
    </div>
  </div>`;
}

/** Show what a report came to. @param {string} id @param {import("../lib/rows.js").Rows} rows */
async function showEnd(id, rows) {
  invalidate(TRENDS);
  try {
    const { results } = await request("POST", LIST, { body: { filters: { id } } });
    if (results.length > 0) rows.patch(id, results[0]);
  } catch {
    // The list shows the state that came last, and the figures when it is loaded anew.
  }
}

/** Whether a report that is not loaded is only further down: older than the newest that is shown. @param {any} snapshot @param {any} rows */
function isOld(snapshot, rows) {
  const newest = rows.at(0);
  return Boolean(newest && snapshot.started_at && newest.created_at >= snapshot.started_at);
}
