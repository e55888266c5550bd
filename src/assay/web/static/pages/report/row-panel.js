/** One row of a report in full: what was judged, and what each evaluator said, asked and was answered. */
import { html } from "../../vendor/preact.js";
import { useRequest } from "../../lib/api.js";
import { href } from "../../lib/url.js";
import { CopyButton } from "../../components/copy-button.js";
import { Problem } from "../../components/problem.js";
import { SidePanel } from "../../components/side-panel.js";
import { Skeleton } from "../../components/skeleton.js";
import { ValuePane } from "../../components/value-pane.js";
import { Verdict } from "./verdict.js";

/**
 * @param {{report: any, path: string, logId: string, definitions: Record<string, any>, onClose: () => void,
 *   onPrevious: (() => void) | null, onNext: (() => void) | null}} props
 */
export default function RowPanel({ report, path, logId, definitions, onClose, onPrevious, onNext }) {
  const call = { path: `${path}rows/${logId}/` };
  const { data, error, retry } = useRequest(call);
  const given = useRequest({ path: `/api/logs/${logId}/scores/`, params: { page_size: 100 } });
  const row = data && data.log_id === logId ? data : null;
  const actions = html`<a class="button" href=${href(`/datasets/${report.dataset_id}`, { row: logId })}>Open in dataset</a>
    <${CopyButton} kind="" label="Copy JSON" text=${() => JSON.stringify(row, null, 2)} />
    <${CopyButton} kind="" label="Copy link" text=${() => location.href} />`;
  return html`<${SidePanel} title=${`Row ${logId.slice(-6)}`} onClose=${onClose} onPrevious=${onPrevious} onNext=${onNext} actions=${actions}>
    ${row
      ? html`<div class="row-panel">
          ${report.evaluators.map((/** @type {any} */ task) => html`<${Verdict} key=${`${logId} ${task.evaluator_slug}`} task=${task} cell=${row.scores[task.evaluator_slug] ?? null}
            given=${(given.data?.results ?? []).filter((/** @type {any} */ score) => score.evaluator_id === task.evaluator_id)} report=${report} path=${path}
            logId=${logId} definition=${definitions[task.evaluator_slug]} />`)}
          <${ValuePane} label="Input" value=${row.log.input} path="input" downloadName=${`input-${logId}`} />
          <${ValuePane} label="Output" value=${row.log.output} expected=${row.log.expected_output} path="output" downloadName=${`output-${logId}`} />
          ${row.log.expected_output !== null && row.log.expected_output !== undefined && html`<${ValuePane} label="Expected" value=${row.log.expected_output} path="expected_output" />`}
          ${Object.keys(row.log.metadata ?? {}).length > 0 && html`<${ValuePane} label="Metadata" value=${row.log.metadata} path="metadata" />`}
        </div>`
      : error
        ? html`<${Problem} error=${error} retry=${retry} />`
        : html`<${Skeleton} lines=${8} />`}
  </${SidePanel}>`;
}
