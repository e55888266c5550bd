/** One log as a page of its own. */
import { html, useState } from "../vendor/preact.js";
import { PageHead } from "../components/page-head.js";
import { useKeys } from "../lib/keys.js";
import { addTerm } from "../lib/query.js";
import { writeKey } from "../lib/query-text.js";
import { href, navigate } from "../lib/url.js";
import { AddToDataset, deleteLogs } from "./logs/log-actions.js";
import { LogDetail } from "./logs/log-detail.js";

/** @param {{params: {log_id: string}}} props */
export default function Log({ params }) {
  const id = params.log_id;
  const [isAdding, setIsAdding] = useState(false);
  const back = (/** @type {Record<string, string>} */ more = {}) => href("/logs", { t: "all", ...more }).replace(/^.*?\/ui(?=\/logs)/, "");
  const filterBy = (/** @type {string} */ key, /** @type {any} */ value) => navigate(back({ q: addTerm("", writeKey(key), value) }));
  const remove = () => {
    deleteLogs([id], { remove: () => navigate("/logs"), restore: () => navigate(`/logs/${id}`) });
  };
  useKeys({ "row.todataset": () => setIsAdding(true) });
  return html`<div class="log-page">
    <${PageHead} title=${`Log ${id.slice(-8)}`} crumbs=${[{ label: "Logs", href: href("/logs") }]} meta=${html`<span class="mono">${id}</span>`}
      actions=${html`<button type="button" class="button button-quiet" onClick=${remove}>Delete</button>
        <button type="button" class="button button-primary" onClick=${() => setIsAdding(true)}>Add to dataset</button>`} />
    <div class="page-body log-page-body"><h2 class="visually-hidden">What was asked and answered</h2><${LogDetail} id=${id} onFilter=${filterBy} /></div>
    ${isAdding && html`<${AddToDataset} ids=${[id]} onClose=${() => setIsAdding(false)} />`}
  </div>`;
}
