/** The rows of a dataset: filter, distribution of the latest scores, table, one row beside it. */
import { html, useEffect, useMemo, useRef, useState } from "../../vendor/preact.js";
import { useRequest } from "../../lib/api.js";
import { countRows, loadRows, pathOf } from "../../lib/dataset-rows.js";
import { useColumnsParam } from "../../lib/columns-param.js";
import { formatInteger } from "../../lib/format.js";
import { addTerm, parseQuery, toFilters } from "../../lib/query.js";
import { useRowParam } from "../../lib/row-param.js";
import { useRows } from "../../lib/rows.js";
import { isNothing, NOTHING } from "../../lib/selection.js";
import { href, setParams, useParam, where } from "../../lib/url.js";
import { ColumnsMenu } from "../../components/columns-menu.js";
import { GridFoot } from "../../components/grid-foot.js";
import { LazyPart } from "../../components/lazy-part.js";
import { UnknownParams } from "../../components/unknown-params.js";
import { VirtualGrid } from "../../components/virtual-grid.js";
import { CHOICES, columnsOf, DEFAULTS, needsPayloads } from "./columns.js";
import { useCellEdit } from "./cell-edit.js";
import { pendingDeletes } from "./deleting.js";
import { RowsFilter } from "./rows-filter.js";
import { ScoreStrip, useShownScore } from "./score-strip.js";

const PAGE_SIZE = 100;
const loadPanel = () => import("./row-panel.js").then((module) => module.default);
const loadEmpty = () => import("./empty-rows.js").then((module) => module.EmptyRows);
const loadSelection = () => import("./rows-selection.js").then((module) => module.RowsSelection);

/** @param {{dataset: any, report: any, isFilling: boolean, onDialog: (dialog: string) => void}} props `report` is the latest */
export function DatasetRows({ dataset, report, isFilling, onDialog }) {
  const [q, setQ] = useParam("q");
  const [sort, setSort] = useParam("sort");
  const [version] = useParam("version");
  const { shown, widths, setShown, setWidth } = useColumnsParam(`dataset.${dataset.id}`, DEFAULTS);
  const isFull = shown.some(needsPayloads);
  const query = useMemo(() => parseQuery(q, "dataset log"), [q]);
  const asked = useMemo(
    () => ({ datasetId: dataset.id, ...(query.problems.length ? { filters: {} } : toFilters(query)), sort, version: version || null, isFull }),
    [dataset.id, query, sort, version, isFull],
  );
  const rows = useRows({
    key: JSON.stringify(asked),
    pageSize: PAGE_SIZE,
    removed: pendingDeletes(dataset.id),
    loadPage: (number, abort) => loadRows(asked, number, PAGE_SIZE, abort),
    loadTotal: (abort) => countRows(asked, abort),
  });
  useReloadOn(rows, dataset.version);
  const { current, opened, move, open, close } = useRowParam();
  const [selection, setSelection] = useState(NOTHING);
  // Another filter: what was selected as "all that match" is no longer that.
  useEffect(() => setSelection((last) => (last.isAll ? NOTHING : last)), [q, version]);
  const task = useShownScore(report);
  const columns = useMemo(() => columnsOf(shown, task), [shown, task]);
  const edit = useCellEdit({ datasetId: dataset.id, rows, columns, isReadOnly: version !== "" });
  const paths = useRequest({ path: `${pathOf(dataset.id)}schema/paths/` }).data?.paths ?? [];
  const filterBy = (/** @type {string} */ path, /** @type {any} */ value) => setQ(addTerm(q, path, value));
  const addColumn = (/** @type {string} */ path) => !shown.includes(path) && setShown([...shown, path]);
  const index = opened === null ? -1 : rows.indexOf(opened);
  const step = (/** @type {number} */ by) => {
    const row = index < 0 ? null : rows.at(index + by);
    return row ? () => move(row.id) : null;
  };

  return html`<div class="dataset-tools">
      <${RowsFilter} datasetId=${dataset.id} q=${q} onQ=${setQ} paths=${paths} error=${rows.error?.status === 400 ? rows.error.message : undefined} />
      <${ColumnsMenu} choices=${CHOICES} shown=${shown} onShown=${setShown} paths=${paths.map((/** @type {any} */ each) => each.path)} defaults=${DEFAULTS} />
    </div>
    ${version && html`<p class="dataset-asof"><span class="chip chip-warn">Rows as of version ${version}, to read only</span>
      <a href=${href(where.value.path, { q, sort, cols: where.value.params.get("cols") })}>Show the newest</a></p>`}
    <${UnknownParams} known=${["q", "sort", "cols", "row", "version", "by", "mode"]} />
    ${report && html`<${ScoreStrip} report=${report} task=${task} q=${q} onQ=${setQ} />`}
    <div class="panel-split">
      <div class="panel-beside">
        <${VirtualGrid} label="Rows" rows=${rows} columns=${columns} current=${current} onCurrent=${move} onOpen=${open}
          selection=${selection} onSelection=${setSelection} sort=${sort} onSort=${(/** @type {string} */ next) => setSort(next)}
          widths=${widths} onWidth=${setWidth} ...${edit} copyOf=${withoutScores}
          linkOf=${(/** @type {any} */ row) => href(where.peek().path, { ...Object.fromEntries(where.peek().params), row: row.id })}
          empty=${html`<${LazyPart} load=${loadEmpty} dataset=${dataset} isFiltered=${q !== ""} isFilling=${isFilling} onClear=${() => setQ("")} onDialog=${onDialog} />`} />
        ${!isNothing(selection) && html`<${LazyPart} load=${loadSelection} dataset=${dataset} rows=${rows} asked=${asked} isFiltered=${query.terms.length > 0} isReadOnly=${version !== ""}
          selection=${selection} onSelection=${setSelection} opened=${opened} onClose=${close} />`}
        <${GridFoot} rows=${rows}>${isFull && html`<span>whole payloads, for the JSON columns</span>`}</${GridFoot}>
      </div>
      ${opened !== null &&
      html`<${LazyPart} load=${loadPanel} dataset=${dataset} rowId=${opened} rows=${rows} version=${version || null}
        number=${index < 0 ? null : formatInteger(index + 1)} onClose=${close} onPrevious=${step(-1)} onNext=${step(1)} onOpen=${open}
        onFilter=${filterBy} onColumn=${addColumn} />`}
    </div>`;
}

/** Fetch the rows anew when the dataset has a newer version, made here or elsewhere. @param {import("../../lib/rows.js").Rows} rows @param {number} version */
function useReloadOn(rows, version) {
  const seen = useRef(version);
  useEffect(() => {
    if (seen.current === version) return;
    seen.current = version;
    rows.reload();
  }, [version]);
}

/** @param {any} row */
const withoutScores = ({ scores, ...row }) => row;
