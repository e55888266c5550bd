/** The filter bar of the rows of a dataset, with values that occur in it. */
import { html, useCallback, useMemo } from "../../vendor/preact.js";
import { request } from "../../lib/api.js";
import { pathOf } from "../../lib/dataset-rows.js";
import { resolveKey, fieldsOf as nounFields } from "../../lib/query-fields.js";
import { FilterBar } from "../../components/filter-bar.js";

/** @param {{datasetId: string, q: string, onQ: (q: string, options?: {replace?: boolean}) => void, paths: any[], error?: string}} props */
export function RowsFilter({ datasetId, q, onQ, paths, error }) {
  const suggest = useCallback(
    async (/** @type {string} */ key) => {
      const name = resolveKey(key, nounFields("dataset log"))?.name ?? key;
      const found = await request("GET", `${pathOf(datasetId)}logs/facets/`, { params: { fields: name, limit: 30 } });
      return found[name]?.values ?? [];
    },
    [datasetId],
  );
  const known = useMemo(() => paths.map((each) => each.path), [paths]);
  return html`<div class="grow">
    <${FilterBar} noun="dataset log" value=${q} paths=${known} suggest=${suggest} error=${error} label="Filter rows"
      placeholder="Filter: metadata.plan:free score.exact_match:false refund"
      onChange=${onQ} />
  </div>`;
}
