/** One row of a bench, whole: what was judged, the verdict, and how it came about. */
import { html } from "../../vendor/preact.js";
import { Dialog } from "../../components/dialog.js";
import { ValuePane } from "../../components/value-pane.js";
import { formatInteger, formatSeconds, formatUsd } from "../../lib/format.js";

/** @param {{row: any, onClose: () => void}} props */
export function BenchRow({ row, onClose }) {
  const { inputs, detail } = row;
  const figures = [
    row.cost_usd === null ? "cost unknown" : formatUsd(row.cost_usd),
    formatSeconds(row.latency_seconds),
    row.input_tokens !== null && `${formatInteger(row.input_tokens)} tokens in, ${formatInteger(row.output_tokens)} out`,
    detail?.model,
  ].filter(Boolean);
  return html`<${Dialog} title=${`Row ${row.log_id.slice(0, 8)}`} size="large" onClose=${onClose}>
    <p class=${row.status === "failed" ? "bad" : ""} dir="auto">${row.status === "failed" ? row.error_message : row.explanation}</p>
    <p class="muted small">${figures.join(" · ")}</p>
    <div>
      <${ValuePane} label="input" value=${inputs.input} />
      <${ValuePane} label="output" value=${inputs.output} expected=${inputs.expected_output ?? undefined} />
      ${inputs.expected_output !== null && html`<${ValuePane} label="expected_output" value=${inputs.expected_output} />`}
      ${Object.keys(inputs.metadata ?? {}).length > 0 && html`<${ValuePane} label="metadata" value=${inputs.metadata} />`}
      ${detail?.messages?.length > 0 && html`<${ValuePane} label="what the judge was asked" value=${detail.messages} />`}
      ${detail?.reply && html`<${ValuePane} label="what it replied" value=${detail.reply} />`}
      ${detail?.stdout && html`<${ValuePane} label="printed" value=${detail.stdout} mode="raw" />`}
    </div>
  </${Dialog}>`;
}
