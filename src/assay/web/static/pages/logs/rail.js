/** The facets of logs: columns, and the commonest keys of the metadata. */
import { html } from "../../vendor/preact.js";
import { Facets } from "../../components/facets.js";
import { logSelection, logsFacet } from "../../lib/log-calls.js";
import { parseQuery } from "../../lib/query.js";
import { fieldsOf, resolveKey } from "../../lib/query-fields.js";
import { writeKey } from "../../lib/query-text.js";

const COLUMNS = [
  { key: "model", label: "Model" },
  { key: "status", label: "Status" },
  { key: "log_type", label: "Type" },
  { key: "customer_identifier", label: "Customer" },
];
const MOST_METADATA = 8;

/** @param {{logs: import("./use-logs.js").Logs, paths: Array<{path: string, types: string[]}>}} props */
export function LogFacets({ logs, paths }) {
  const { text, setText, counted, isReady } = logs;
  const { filters: _filters, search: _search, ...window } = counted.selection;
  const metadata = paths
    .filter(({ path, types }) => path.startsWith("metadata.") && types.some((type) => ["string", "boolean"].includes(type)))
    .slice(0, MOST_METADATA)
    .map(({ path }) => ({ key: path, label: path.slice("metadata.".length), isClosedAtFirst: true }));
  /** @param {string} key @param {string} others @param {number} limit */
  const callOf = (key, others, limit) => {
    const query = parseQuery(others, "request log");
    const field = resolveKey(key, fieldsOf("request log"));
    return query.problems.length || !field ? null : logsFacet(logSelection(query, window), field.name, limit);
  };
  /** @param {any} answer */
  const read = (answer) => {
    const [found] = /** @type {any[]} */ (Object.values(answer));
    return { values: found.values, isExact: found.is_exact };
  };
  return html`<${Facets} facets=${[...COLUMNS, ...metadata].map((facet) => ({ ...facet, key: writeKey(facet.key) }))} text=${text} counted=${counted.text} onText=${setText} callOf=${callOf} read=${read} isReady=${isReady} />`;
}
