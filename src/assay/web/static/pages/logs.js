/** The logs: what programs asked their models, found, read, and taken into datasets. */
import { html, useCallback, useEffect, useMemo, useState } from "../vendor/preact.js";
import { ColumnsMenu } from "../components/columns-menu.js";
import { ExportMenu } from "../components/export-menu.js";
import { FilterBar } from "../components/filter-bar.js";
import { LazyPart } from "../components/lazy-part.js";
import { GridFoot } from "../components/grid-foot.js";
import { PageHead } from "../components/page-head.js";
import { SavedViews } from "../components/saved-views.js";
import { SelectionBar } from "../components/selection-bar.js";
import { TimeRange } from "../components/time-range.js";
import { UnknownParams } from "../components/unknown-params.js";
import { VirtualGrid } from "../components/virtual-grid.js";
import { copyText } from "../components/copy-button.js";
import { useRequest } from "../lib/api.js";
import { useColumnsParam } from "../lib/columns-param.js";
import { Key, useKeys } from "../lib/keys.js";
import { NEWEST_FIRST, logsExport, logsPaths } from "../lib/log-calls.js";
import { suggestLogValues } from "../lib/log-values.js";
import { addTerm } from "../lib/query.js";
import { writeKey } from "../lib/query-text.js";
import { NOTHING, isNothing } from "../lib/selection.js";
import { remembered } from "../lib/settings.js";
import { href, useParam } from "../lib/url.js";
import { COLUMNS, DEFAULT_COLUMNS, columnOf } from "./logs/columns.js";
import { Live } from "./logs/live.js";
import { AddToDataset, deleteLogs } from "./logs/log-actions.js";
import { useLogs } from "./logs/use-logs.js";

const KNOWN = ["q", "t", "sort", "cols", "row"];
const ROOM_FOR_FACETS = 1_000;
const DEFAULTS = DEFAULT_COLUMNS.split(",");
const CHOICES = COLUMNS.map((column) => ({ id: column.id, label: column.label }));

/** Parts that are fetched after the rows. */
const LOAD = {
  strip: () => import("./logs/volume.js").then((module) => module.Strip),
  facets: () => import("./logs/rail.js").then((module) => module.LogFacets),
  panel: () => import("./logs/log-panel.js").then((module) => module.LogPanel),
  nothing: () => import("./logs/nothing.js").then((module) => module.NoLogs),
};

export default function Logs() {
  const logs = useLogs();
  const { rows, selection, counted, isReady } = logs;
  const [row, setRow] = useParam("row");
  const [current, setCurrent] = useState(/** @type {string | null} */ (row || null));
  const [selected, setSelected] = useState(NOTHING);
  const [adding, setAdding] = useState(/** @type {{ids: string[] | null} | null} */ (null));
  const hasFacets = remembered("logs.facets", innerWidth >= ROOM_FOR_FACETS);
  const { shown, widths, setShown, setWidth } = useColumnsParam("logs", DEFAULTS);
  const columns = useMemo(() => /** @type {any[]} */ (shown.map(columnOf).filter(Boolean)), [shown]);
  const paths = useRequest(isReady ? logsPaths(counted.selection) : null).data?.paths ?? [];
  const pathNames = useMemo(() => paths.map((/** @type {any} */ each) => each.path), [paths]);

  const point = useCallback((/** @type {string} */ id) => {
    setCurrent(id);
    if (row) setRow(id, { replace: true });
  }, [row]);
  const open = useCallback((/** @type {string} */ id) => (setCurrent(id), setRow(id)), []);
  // The panel opens at the first key press: its modules are there by then.
  useEffect(() => {
    if (isReady) requestIdleCallback(() => LOAD.panel().catch(() => undefined));
  }, [isReady]);
  const filterBy = (/** @type {string} */ key, /** @type {any} */ value) => logs.setText(addTerm(logs.text, writeKey(key), value));
  const at = row ? rows.indexOf(row) : -1;
  /** @param {number} step */
  const neighbour = (step) => {
    const next = at < 0 ? null : rows.at(at + step);
    return next ? () => point(next.id) : null;
  };
  const ids = [...selected.ids];
  const addSelected = () => setAdding({ ids: isNothing(selected) ? (current ? [current] : null) : selected.isAll ? null : ids });
  useKeys({ "row.todataset": addSelected });

  return html`<div class="logs page-fill">
    <${PageHead} title="Logs" meta=${html`<${Live} logs=${logs} />`} actions=${html`<${SavedViews} page="logs" isReady=${isReady} />
      <${ExportMenu} call=${logsExport(selection, logs.sort)} name="logs" noun="log" total=${rows.isExact ? rows.total : null} hasCursor query=${logs.query} />
      <button type="button" class="button button-primary" onClick=${() => setAdding({ ids: selected.isAll || isNothing(selected) ? null : ids })}>Add to dataset</button>`} />
    <div class="logs-bar">
      <button type="button" class="button" aria-expanded=${hasFacets.value} onClick=${() => (hasFacets.value = !hasFacets.value)}>${hasFacets.value ? "‹" : "›"} Facets</button>
      <${FilterBar} noun="request log" value=${logs.text} onChange=${logs.setText}
        suggest=${suggestLogValues} paths=${pathNames} label="Filter logs" />
      <${TimeRange} value=${logs.range} onChange=${logs.setRange} />
      <${ColumnsMenu} choices=${CHOICES} shown=${shown} onShown=${setShown} defaults=${DEFAULTS} paths=${pathNames.filter((/** @type {string} */ path) => path.startsWith("metadata."))} />
    </div>
    <${UnknownParams} known=${KNOWN} />
    <div class="logs-strip">
      ${isReady && html`<${LazyPart} load=${LOAD.strip} selection=${counted.selection} onRange=${logs.setRange} />`}
    </div>
    <div class="logs-body">
      ${hasFacets.value && html`<div class="logs-facets">${isReady && html`<${LazyPart} load=${LOAD.facets} logs=${logs} paths=${paths} />`}</div>`}
      <div class="logs-grid">
        <${VirtualGrid} label="Logs" rows=${rows} columns=${columns} current=${current} onCurrent=${point} onOpen=${open} selection=${selected} onSelection=${setSelected}
          sort=${logs.sort === NEWEST_FIRST ? "" : logs.sort} onSort=${(/** @type {string} */ sort) => logs.setSort(sort || NEWEST_FIRST)} widths=${widths} onWidth=${setWidth}
          linkOf=${(/** @type {any} */ log) => href(`/logs/${log.id}`)} empty=${html`<${LazyPart} load=${LOAD.nothing} logs=${logs} />`}
          footer=${isNothing(selected)
            ? html`<${GridFoot} rows=${rows} noun="log" hints=${[["row.next", ""], ["row.previous", "move"], ["row.open", "open"], ["row.select", "select"], ["row.todataset", "to dataset"], ["filter", "filter"], ["help", "all keys"]]} />`
            : html`<${SelectionBar} selection=${selected} onSelection=${setSelected} total=${rows.total} isExact=${rows.isExact} noun="log">
                <button type="button" class="button button-primary" onClick=${addSelected}>Add to dataset <${Key} id="row.todataset" /></button>
                ${!selected.isAll && html`<button type="button" class="button" onClick=${() => copyText(JSON.stringify(ids))}>Copy ids</button>
                  <button type="button" class="button button-danger" onClick=${() => (deleteLogs(ids, rows), setSelected(NOTHING), ids.includes(row) && setRow(null))}>Delete</button>`}
              </${SelectionBar}>`} />
      </div>
      ${row && html`<${LazyPart} load=${LOAD.panel} id=${row} onClose=${() => setRow(null)} onPrevious=${neighbour(-1)} onNext=${neighbour(1)} onFilter=${filterBy} onLog=${open}
        onColumn=${(/** @type {string} */ path) => !shown.includes(path) && setShown([...shown, path])} onAdd=${() => setAdding({ ids: [row] })} onDelete=${() => (deleteLogs([row], rows), setRow(null))} />`}
    </div>
    ${adding && html`<${AddToDataset} ids=${adding.ids} query=${logs.sound.text} range=${logs.range} onClose=${() => (setAdding(null), setSelected(NOTHING))} />`}
  </div>`;
}
