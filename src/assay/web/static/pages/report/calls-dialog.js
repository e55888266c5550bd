/** The API calls that this page is made of. */
import { html } from "../../vendor/preact.js";
import { Dialog } from "../../components/dialog.js";
import { Snippet } from "../../components/snippet.js";
import { rowParams } from "../../lib/report.js";

/** @param {{report: any, path: string, view: any, onClose: () => void}} props */
export default function CallsDialog({ report, path, view, onClose }) {
  const task = report.evaluators.find((/** @type {any} */ one) => one.evaluator_slug === (view.range?.slug ?? view.first));
  const slug = view.first;
  const calls = [
    { title: "The report: progress, means, intervals", call: { path } },
    { title: "Figures so far, with how many rows fail, err and wait", call: { path: `${path}summary/` } },
    { title: "The rows as shown", call: { path: `${path}rows/`, params: rowParams(view, task, null) } },
    { title: "All rows as a file", call: { path: `${path}export/`, params: { format: "jsonl", content: "full" } } },
    { title: "By slice", call: { path: `${path}slices/`, params: { by: "metadata.topic", evaluator_slug: slug } } },
    { title: "The pass rate at another mark", call: { path: `${path}pass-rate/`, params: { evaluator_slug: slug, at_least: 0.6 } } },
    { title: "What another run could show", call: { path: `${path}power/`, params: { evaluator_slug: slug } } },
    { title: "Agreement with people", call: { path: `${path}agreement/`, params: { evaluator_slug: slug } } },
    { title: "What the run was made of", call: { path: `${path}manifest/` } },
  ];
  return html`<${Dialog} title="API calls of this page" size="large" onClose=${onClose}>
    ${calls.map(({ title, call }, index) => html`<details key=${title} open=${index < 3}><summary>${title}</summary><${Snippet} call=${call} /></details>`)}
  </${Dialog}>`;
}
