/** Which versions of the dataset added and changed a row, and what they changed. */
import { html, useState } from "../../vendor/preact.js";
import { request } from "../../lib/api.js";
import { CONTENT, pathOf, rowCall } from "../../lib/dataset-rows.js";
import { isSameJson } from "../../lib/json-path.js";
import { href } from "../../lib/url.js";
import { Button } from "../../components/button.js";
import { Problem } from "../../components/problem.js";
import { Time } from "../../components/time.js";
import { ChangedFields } from "./changed-fields.js";

const STEPS = 5;

/** @typedef {{version: any, kind: "added" | "changed", fields: string[], before: any, after: any}} Step */

/** A row as a version has it, null where it has none. @param {string} datasetId @param {string} rowId @param {number} number */
async function rowAt(datasetId, rowId, number) {
  if (number < 1) return null;
  const { path, params } = rowCall(datasetId, rowId, String(number));
  return request("GET", path, { params }).catch((error) => (error.status === 404 ? null : Promise.reject(error)));
}

/**
 * The steps that led to a row, newest first: each is found by when the row was changed, then compared with before.
 * @param {string} datasetId @param {any} row @param {number} newest the version to begin at @param {number} most
 * @returns {Promise<{steps: Step[], rest: {row: any, number: number} | null}>} `rest` where there is more
 */
async function stepsOf(datasetId, row, newest, most) {
  const found = await request("GET", `${pathOf(datasetId)}versions/list/`, { params: { page_size: 1000 } });
  const versions = found.results.filter((/** @type {any} */ each) => each.number <= newest);
  /** @type {Step[]} */
  const steps = [];
  let after = row;
  let number = newest;
  while (after && steps.length < most) {
    const at = versions.findLast((/** @type {any} */ each) => each.number <= number && Date.parse(each.updated_at) >= Date.parse(after.updated_at));
    if (!at) break;
    const before = await rowAt(datasetId, row.id, at.number - 1);
    const fields = before ? CONTENT.filter((name) => !isSameJson(before[name], after[name])) : [];
    if (!before || fields.length) steps.push({ version: at, kind: before ? "changed" : "added", fields, before, after });
    after = before;
    number = at.number - 1;
  }
  return { steps, rest: after && number >= 1 ? { row: after, number } : null };
}

/** @param {{datasetId: string, row: any, version: string | null}} props */
export function RowHistory({ datasetId, row, version }) {
  const [steps, setSteps] = useState(/** @type {Step[] | null} */ (null));
  const [rest, setRest] = useState(/** @type {{row: any, number: number} | null} */ (null));
  const [error, setError] = useState(/** @type {any} */ (null));
  const [isBusy, setIsBusy] = useState(false);
  /** @param {any} from @param {number} number */
  const load = async (from, number) => {
    setIsBusy(true);
    setError(null);
    try {
      const found = await stepsOf(datasetId, from, number, STEPS);
      setSteps((last) => [...(last ?? []), ...found.steps]);
      setRest(found.rest);
    } catch (caught) {
      setError(caught);
    }
    setIsBusy(false);
  };
  const begin = async () => {
    const newest = version ? await request("GET", `${pathOf(datasetId)}versions/${version}/`) : await request("GET", pathOf(datasetId));
    return load(row, version ? newest.number : newest.version);
  };
  const open = (/** @type {any} */ event) => event.target.open && steps === null && !isBusy && begin().catch(setError);
  return html`<details class="panel-section dataset-history" onToggle=${open}>
    <summary><h3>History</h3></summary>
    ${error && html`<${Problem} error=${error} retry=${() => void begin().catch(setError)} isInline=${true} />`}
    ${isBusy && steps === null && html`<p class="muted small" role="status">Looking through the versions…</p>`}
    <ol>${(steps ?? []).map((step) => html`<li key=${step.version.number} class="dataset-step">
      <p class="row small"><a href=${href(`/datasets/${datasetId}/versions`, { from: step.version.number - 1, to: step.version.number })}>v${step.version.number}</a>
        <span>${step.kind === "added" ? "added" : `changed ${step.fields.join(", ")}`}</span>
        <span class="muted">by ${step.version.created_by} · <${Time} at=${step.version.created_at} /></span></p>
      ${step.kind === "changed" && html`<details><summary class="small">Difference</summary><${ChangedFields} fields=${step.fields} before=${step.before} after=${step.after} /></details>`}
    </li>`)}</ol>
    ${steps?.length === 0 && html`<p class="muted small">No version names this row.</p>`}
    ${rest && html`<${Button} isBusy=${isBusy} onClick=${() => void load(rest.row, rest.number)}>Earlier</${Button}>`}
  </details>`;
}
