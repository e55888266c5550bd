/** The rows that the filter finds, to take elsewhere. */
import { html, useLayoutEffect, useRef } from "../../vendor/preact.js";
import { addressOf } from "../../lib/api.js";
import { listCall, pathOf } from "../../lib/dataset-rows.js";
import { parseQuery, toFilters } from "../../lib/query.js";
import { where } from "../../lib/url.js";
import { ExportMenu } from "../../components/export-menu.js";

/** @param {{dataset: any}} props */
export function ExportRows({ dataset }) {
  const place = useRef(/** @type {HTMLElement | null} */ (null));
  // It is fetched at the click that opens it.
  useLayoutEffect(() => place.current?.querySelector("button")?.click(), []);
  const { params } = where.value;
  const query = parseQuery(params.get("q") ?? "", "dataset log");
  const version = params.get("version");
  const asked = query.problems.length ? { filters: {} } : toFilters(query);
  const call = listCall({ datasetId: dataset.id, ...asked, sort: params.get("sort") ?? "", version, isFull: true });
  const file = (/** @type {string} */ format) => addressOf({ path: `${pathOf(dataset.id)}logs/export/`, params: { format, version } });
  // The API's own export needs no page after page, but a link can hold no filter.
  const isWhole = query.terms.length === 0;
  return html`<span ref=${place}>
    <${ExportMenu} call=${call} name=${dataset.name} query=${query} links=${isWhole ? { csv: file("csv"), jsonl: file("jsonl") } : {}} />
  </span>`;
}
