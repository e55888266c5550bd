/** All datasets: rows, latest scores with their intervals, trend. */
import { html, useMemo, useState } from "../vendor/preact.js";
import { Button } from "../components/button.js";
import { Empty } from "../components/empty.js";
import { FilterBar } from "../components/filter-bar.js";
import { GridFoot } from "../components/grid-foot.js";
import { LazyPart } from "../components/lazy-part.js";
import { Menu } from "../components/menu.js";
import { PageHead } from "../components/page-head.js";
import { UnknownParams } from "../components/unknown-params.js";
import { VirtualGrid } from "../components/virtual-grid.js";
import { invalidate, request } from "../lib/api.js";
import { useOffer } from "../lib/commands.js";
import { plural } from "../lib/format.js";
import { parseQuery, toFilters } from "../lib/query.js";
import { useRows } from "../lib/rows.js";
import { toast, withUndo } from "../lib/toast.js";
import { href, navigate, setParams, useParam } from "../lib/url.js";
import { columnsOf } from "./datasets/columns.js";

const PAGE_SIZE = 100;
const loadNothing = () => import("./datasets/no-datasets.js").then((module) => module.NoDatasets);
/** Deleted, but it can still be taken back. @type {Set<string>} */
const pending = new Set();
/** @type {Record<string, () => Promise<any>>} */
const DIALOGS = {
  new: () => import("./datasets/new-dataset-dialog.js").then((module) => module.NewDatasetDialog),
  import: () => import("../components/import-dialog.js").then((module) => module.ImportDialog),
  sample: () => import("../components/sample-dialog.js").then((module) => module.SampleDialog),
  run: () => import("../components/run-eval-dialog.js").then((module) => module.RunEvalDialog),
};

export default function Datasets() {
  const [q, setQ] = useParam("q");
  const [sort, setSort] = useParam("sort", "-updated_at");
  const [choosing] = useParam("run");
  const [current, setCurrent] = useState(/** @type {string | null} */ (null));
  const [dialog, setDialog] = useState(/** @type {{name: string, dataset?: any}} */ ({ name: "" }));
  const query = useMemo(() => parseQuery(q, "dataset"), [q]);
  const { filters } = query.problems.length ? { filters: {} } : toFilters(query);
  const rows = useRows({
    key: JSON.stringify([filters, sort]),
    pageSize: PAGE_SIZE,
    removed: pending,
    loadPage: async (number, abort) => {
      const page = await request("POST", "/api/datasets/list/", { params: { page: number, page_size: PAGE_SIZE, sort_by: sort }, body: { filters }, signal: abort });
      return { rows: page.results, total: page.total_count, isExact: true };
    },
  });
  const failed = (/** @type {Error} */ error) => toast(error.message, { kind: "bad" });
  const columns = useMemo(() => columnsOf({
    onStar: (row) => {
      rows.patch(row.id, { starred: !row.starred });
      request("PATCH", `/api/datasets/${row.id}/`, { body: { starred: !row.starred } }).catch((error) => (rows.patch(row.id, { starred: row.starred }), failed(error)));
    },
    onRun: (row) => setDialog({ name: "run", dataset: row }),
    onDuplicate: (row) => request("POST", "/api/datasets/", { body: { name: `${row.name} (copy)`.slice(0, 255), source_dataset_id: row.id } }).then((made) => {
      invalidate("/api/datasets/");
      rows.reload();
      toast(`Made ${made.name}.`, { kind: "good", action: { label: "Open", run: () => navigate(`/datasets/${made.id}`) } });
    }, failed),
    onDelete: (row) => {
      pending.add(row.id);
      rows.remove([row.id]);
      const forget = () => pending.delete(row.id);
      withUndo({
        text: `Deleted ${row.name} with its ${plural(row.log_count, "row")} and reports.`,
        run: (keepalive) => request("DELETE", `/api/datasets/${row.id}/`, { keepalive }).then(() => (forget(), invalidate("/api/datasets/"))),
        undo: () => (forget(), rows.restore([row.id])),
      });
    },
  }), [rows.patch, rows.reload, rows.remove, rows.restore]);
  useOffer([
    { label: "New dataset", run: () => setDialog({ name: "new" }) },
    { label: "Import a file as a new dataset", run: () => setDialog({ name: "import" }) },
    { label: "Sample from logs into a dataset", run: () => setDialog({ name: "sample" }) },
  ]);
  const open = (/** @type {string} */ id) => {
    const row = rows.at(rows.indexOf(id));
    if (choosing && row) setDialog({ name: "run", dataset: row });
    else navigate(`/datasets/${id}`);
  };
  const load = DIALOGS[dialog.name];
  const actions = html`<${Menu} label="Import" items=${[
      { label: "A file", hint: "JSONL, JSON, CSV", run: () => setDialog({ name: "import" }) },
      { label: "A sample of logs", run: () => setDialog({ name: "sample" }) },
    ]} /><${Button} kind="primary" onClick=${() => setDialog({ name: "new" })}>New dataset</${Button}>`;
  const isEmpty = rows.total === 0 && q === "" && !rows.isStale && rows.error === null;
  return html`<div class="datasets">
    <${PageHead} title="Datasets" actions=${actions} />
    ${!isEmpty && html`<div class="datasets-tools"><${FilterBar} noun="dataset" value=${q} onChange=${setQ}
      error=${rows.error?.status === 400 ? rows.error.message : undefined} placeholder="Filter: nightly rows:>100 starred:true tag:ci" /></div>`}
    ${choosing && !isEmpty && html`<p class="datasets-note"><span class="chip chip-accent">Choose the dataset to evaluate</span>
      <button type="button" class="button button-quiet" onClick=${() => setParams({ run: null })}>Never mind</button></p>`}
    <${UnknownParams} known=${["q", "sort", "run", "cols"]} />
    ${isEmpty
      ? html`<${LazyPart} load=${loadNothing} onDialog=${(/** @type {string} */ name) => setDialog({ name })} />`
      : html`<${VirtualGrid} label="Datasets" rows=${rows} columns=${columns} current=${current} onCurrent=${setCurrent} onOpen=${open} sort=${sort} onSort=${setSort}
          linkOf=${(/** @type {any} */ row) => href(`/datasets/${row.id}`)}
          empty=${html`<${Empty} title="No dataset matches" text="Take a condition away."><${Button} onClick=${() => setQ("")}>Clear the filter</${Button}></${Empty}>`} />
        <${GridFoot} rows=${rows} noun="dataset" hints=${[["row.next", ""], ["row.previous", "move"], ["row.open", "open"], ["filter", "filter"], ["help", "all keys"]]} />`}
    ${load && html`<${LazyPart} key=${dialog.name} load=${load} dataset=${dialog.dataset} onClose=${() => setDialog({ name: "" })} />`}
  </div>`;
}
