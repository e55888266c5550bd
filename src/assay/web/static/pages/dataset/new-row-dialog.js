/** Adding a row by hand, shaped like the last one. */
import { html, useEffect, useMemo, useState } from "../../vendor/preact.js";
import { request } from "../../lib/api.js";
import { CONTENT, contentOf, createRow, pathOf } from "../../lib/dataset-rows.js";
import { Key } from "../../lib/keys.js";
import { mistakesOf, readRow, shapeOf } from "../../lib/row-json.js";
import { toast } from "../../lib/toast.js";
import { setParams } from "../../lib/url.js";
import { Button } from "../../components/button.js";
import { CodeEditor } from "../../components/code-editor.js";
import { Dialog } from "../../components/dialog.js";

const PLAIN = { input: "", output: "", expected_output: null, metadata: {} };
const write = (/** @type {any} */ value) => JSON.stringify(value, null, 2);

/** What a new row looks like: the last row of the dataset, emptied. @param {string} datasetId */
async function templateOf(datasetId) {
  const found = await request("GET", `${pathOf(datasetId)}logs/list/`, { params: { sort_by: "-id", page_size: 1, count: "false" } });
  const [last] = found.results;
  if (!last) return null;
  const shape = shapeOf(contentOf(last));
  if (Object.keys(shape.metrics).length === 0) delete shape.metrics;
  return { shape, content: contentOf(last) };
}

/** @param {{dataset: any, onClose: () => void, onDone: () => void}} props */
export function NewRowDialog({ dataset, onClose, onDone }) {
  const [text, setText] = useState(write(PLAIN));
  const [template, setTemplate] = useState(/** @type {{shape: any, content: any} | null} */ (null));
  const [refusal, setRefusal] = useState(/** @type {any} */ (null));
  const [isBusy, setIsBusy] = useState(false);
  useEffect(() => {
    let isThere = true;
    // Without a template the plain one does.
    templateOf(dataset.id).then((found) => {
      if (!isThere || !found) return;
      setTemplate(found);
      setText((now) => (now === write(PLAIN) ? write(found.shape) : now));
    }, () => {});
    return () => {
      isThere = false;
    };
  }, []);
  const read = useMemo(() => readRow(text), [text]);
  const errors = useMemo(() => [...read.mistakes, ...mistakesOf(text, refusal?.fields)], [read, refusal]);
  /** @param {boolean} isLast */
  const add = async (isLast) => {
    if (!read.row || isBusy) return;
    setIsBusy(true);
    setRefusal(null);
    try {
      const id = await createRow(dataset.id, read.row);
      toast("Added the row.", { kind: "good", action: { label: "Open it", run: () => setParams({ row: id }) } });
      if (isLast) onDone();
      else setText(write(template?.shape ?? PLAIN));
    } catch (error) {
      setRefusal(error);
    }
    setIsBusy(false);
  };
  const call = { method: "POST", path: `${pathOf(dataset.id)}logs/`, body: read.row ?? {} };
  const footer = html`<${Button} onClick=${onClose} isDisabled=${isBusy}>Cancel</${Button}>
    <${Button} onClick=${() => add(false)} isBusy=${isBusy} isDisabled=${!read.row}>Add and go on</${Button}>
    <${Button} kind="primary" onClick=${() => add(true)} isBusy=${isBusy} isDisabled=${!read.row}>Add row <${Key} id="run" /></${Button}>`;
  const said = Object.entries(refusal?.fields ?? {});
  return html`<${Dialog} title="New row" onClose=${onClose} footer=${footer} call=${call} isBusy=${isBusy}>
    <p class="muted small">Any JSON as ${CONTENT.slice(0, 3).join(", ")}; metadata is what you filter and slice by.</p>
    <div class="row row-wrap" role="group" aria-label="Begin with">
      <span class="muted small">Begin with</span>
      ${template && html`<${Button} onClick=${() => setText(write(template.shape))}>Same shape as the last row</${Button}>
        <${Button} onClick=${() => setText(write(template.content))}>Copy of the last row</${Button}>`}
      <${Button} onClick=${() => setText(write(PLAIN))}>Plain</${Button}>
    </div>
    <${CodeEditor} language="json" label="The new row as JSON" value=${text} errors=${errors} minLines=${12} maxLines=${24} onSubmit=${() => add(true)}
      onChange=${(/** @type {string} */ next) => (setText(next), setRefusal(null))} />
    ${read.mistakes.length > 0 && html`<p class="bad small" role="alert">${read.mistakes[0].message}</p>`}
    ${said.map(([name, words]) => html`<p key=${name} class="bad small" role="alert"><span class="mono">${name}</span> ${words.join(" ")}</p>`)}
    ${refusal && said.length === 0 && html`<p class="bad small" role="alert">${refusal.message}</p>`}
  </${Dialog}>`;
}
