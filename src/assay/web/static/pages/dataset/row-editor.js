/** A row as JSON to edit. */
import { html, useEffect, useMemo, useState } from "../../vendor/preact.js";
import { changeRow, CONTENT, contentOf } from "../../lib/dataset-rows.js";
import { Key } from "../../lib/keys.js";
import { readRow, mistakesOf } from "../../lib/row-json.js";
import { toast } from "../../lib/toast.js";
import { guardLeaving } from "../../lib/url.js";
import { Button } from "../../components/button.js";
import { CodeEditor } from "../../components/code-editor.js";

/** @param {{datasetId: string, row: any, rows: import("../../lib/rows.js").Rows, onEnd: () => void}} props */
export function RowEditor({ datasetId, row, rows, onEnd }) {
  const first = useMemo(() => JSON.stringify(contentOf(row), null, 2), [row.id]);
  const [text, setText] = useState(first);
  const [refusal, setRefusal] = useState(/** @type {any} */ (null));
  const [isBusy, setIsBusy] = useState(false);
  const read = useMemo(() => readRow(text), [text]);
  const isChanged = text !== first;
  useEffect(() => guardLeaving(() => (isChanged ? "Leave the page without saving the row?" : null)), [isChanged]);
  const errors = useMemo(() => [...read.mistakes, ...mistakesOf(text, refusal?.fields)], [read, refusal]);
  const save = async () => {
    if (!read.row || isBusy) return;
    setIsBusy(true);
    setRefusal(null);
    try {
      if (await changeRow(datasetId, row, { ...contentOf({}), ...read.row }, rows)) toast("Saved the row.", { kind: "good" });
      onEnd();
    } catch (error) {
      setRefusal(error);
      setIsBusy(false);
    }
  };
  const problem = read.mistakes[0]?.message ?? refusal?.message;
  return html`<div class="stack dataset-editor">
    <p class="muted small">${CONTENT.join(", ")}. What is taken out is emptied.</p>
    <${CodeEditor} language="json" label="The row as JSON" value=${text} errors=${errors} minLines=${14} maxLines=${36} onSubmit=${save}
      onChange=${(/** @type {string} */ next) => (setText(next), setRefusal(null))} />
    ${problem && html`<p class="bad" role="alert">${problem}</p>`}
    <div class="row">
      <${Button} kind="primary" onClick=${save} isBusy=${isBusy} isDisabled=${!read.row || !isChanged}>Save <${Key} id="run" /></${Button}>
      <${Button} onClick=${onEnd} isDisabled=${isBusy}>Cancel</${Button}>
    </div>
  </div>`;
}
