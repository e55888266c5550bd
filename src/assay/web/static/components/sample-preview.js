/** What a sample would hold: three of its logs, and how the strata share it. */
import { html } from "../vendor/preact.js";
import { formatInteger, formatUsd, plural } from "../lib/format.js";
import { visibleText } from "../lib/visible.js";
import { Time } from "./time.js";

const MOST_STRATA = 6;

/** @param {{trial: any, isLoading: boolean, isOutputExpected: boolean, hasMetadata: boolean, onAnother: () => void}} props `trial` is the answer of a dry run */
export function SamplePreview({ trial, isLoading, isOutputExpected, hasMetadata, onAnother }) {
  const examples = trial?.examples ?? [];
  return html`<section class="sample-preview" aria-label="Preview" aria-busy=${isLoading}>
    <div class="row"><h3 class="grow">Preview <span class="muted">${examples.length ? `${plural(examples.length, "random row")}` : ""}</span></h3>
      <button type="button" class="button button-quiet" disabled=${!examples.length} onClick=${onAnother}>another 3</button></div>
    ${trial && !examples.length && html`<p class="muted">No log matches. Take a wider window of time, or fewer conditions.</p>`}
    <ol class="sample-examples">
      ${examples.map(
        (/** @type {any} */ log) => html`<li key=${log.id} class="sample-example">
          <p class="sample-text"><b>input</b> ${visibleText(log.input_preview ?? "")}</p>
          <p class="sample-text"><b>output</b> ${visibleText(log.output_preview ?? "–")}</p>
          ${isOutputExpected && html`<p class="sample-text good"><b>expected</b> ${visibleText(log.output_preview ?? "–")}</p>`}
          <p class="muted small cut">${[log.model, log.status].filter(Boolean).join(" · ")} · <${Time} at=${log.timestamp} /> · ${formatUsd(log.cost)}${hasMetadata && Object.keys(log.metadata).length ? ` · ${visibleText(JSON.stringify(log.metadata))}` : ""}</p>
        </li>`,
      )}
    </ol>
    ${trial?.strata?.length > 0 &&
    html`<p class="muted small">${trial.strata.slice(0, MOST_STRATA).map((/** @type {any} */ each) => `${each.value ?? "none"} ${formatInteger(each.taken)} of ${formatInteger(each.matched)}`).join(" · ")}${trial.strata_count > MOST_STRATA ? ` · and ${formatInteger(trial.strata_count - MOST_STRATA)} more` : ""}</p>`}
  </section>`;
}
