/** How many of the logs that match are taken, and which. */
import { html } from "../vendor/preact.js";
import { useRequest } from "../lib/api.js";

const FIELDS = ["model", "status", "environment", "customer_identifier", "log_type", "thread_identifier"];
const WAYS = /** @type {Array<["random" | "all" | "newest", string]>} */ ([["random", "Random"], ["all", "All"], ["newest", "Newest"]]);

/** @param {{sample: import("../lib/sample.js").Sample, onChange: (changes: Partial<import("../lib/sample.js").Sample>) => void, errors: Record<string, string[]>}} props */
export function SampleHow({ sample, onChange, errors }) {
  const { data } = useRequest({ path: "/api/request-logs/schema/paths/", params: { start_time: "1970-01-01T00:00:00Z", sampled: 500 } });
  const isLeaf = (/** @type {any} */ each) => each.path.startsWith("metadata.") && !each.types.includes("object") && !each.types.includes("array");
  const paths = (data?.paths ?? []).filter(isLeaf).map((/** @type {any} */ each) => each.path).slice(0, 60);
  const whole = (/** @type {any} */ event) => Math.max(0, Math.floor(Number(event.target.value) || 0));
  return html`<fieldset class="sample-how">
    <legend class="sample-legend">How many</legend>
    <div class="row row-wrap">
      ${WAYS.map(
        ([how, label]) => html`<label key=${how} class="row sample-way"><input type="radio" name="sample-how" checked=${sample.how === how} onChange=${() => onChange({ how })} />${label}</label>`,
      )}
      ${sample.how !== "all" &&
      html`<label class="row"><span class="visually-hidden">Rows</span>
        <input class="sample-size" type="number" min="1" value=${sample.size || ""} aria-invalid=${Boolean(errors.sampling_count) || undefined} onInput=${(/** @type {any} */ event) => onChange({ size: whole(event) })} /> rows</label>`}
      ${sample.how === "random" &&
      html`<label class="row">Stratify by
          <select value=${sample.stratifyBy} onChange=${(/** @type {any} */ event) => onChange({ stratifyBy: event.target.value })}>
            <option value="">nothing</option>
            ${[...FIELDS, ...paths].map((field) => html`<option key=${field} value=${field}>${field}</option>`)}
          </select></label>
        <label class="row" title="The same seed takes the same logs">Seed
          <input class="sample-seed" type="number" min="0" value=${sample.seed} onInput=${(/** @type {any} */ event) => onChange({ seed: whole(event) })} /></label>`}
    </div>
    ${Object.entries(errors).filter(([name]) => !name.startsWith("filters") && name !== "search").map(([name, said]) => html`<p key=${name} class="field-error" role="alert">${name}: ${said.join(" ")}</p>`)}
  </fieldset>`;
}
