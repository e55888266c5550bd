/** Import a file: drop it, say what its columns are, see the rows as they will be stored, send it. */
import { html, useRef, useState } from "../vendor/preact.js";
import { isAbort } from "../lib/api.js";
import { addedToast } from "../lib/added.js";
import { formatBytes } from "../lib/format.js";
import { readHead } from "../lib/import-file.js";
import { guessColumns, targetOf } from "../lib/import-mapping.js";
import { importFile } from "../lib/import-work.js";
import { Key, useKeys } from "../lib/keys.js";
import { navigate } from "../lib/url.js";
import { Button } from "./button.js";
import { Dialog } from "./dialog.js";
import { Field } from "./field.js";
import { ImportCall } from "./import-call.js";
import { ImportColumns } from "./import-columns.js";
import { ImportDrop } from "./import-drop.js";
import { ImportPreview } from "./import-preview.js";
import { ImportResult } from "./import-result.js";
import { Problem } from "./problem.js";
import { Progress } from "./progress.js";

/** @typedef {{file: File, head: import("../lib/import-file.js").Head}} Chosen */

/** @param {{dataset?: any, onClose: () => void, onDone?: (datasetId: string) => void}} props without `dataset` one is made */
export function ImportDialog({ dataset, onClose, onDone }) {
  const [chosen, setChosen] = useState(/** @type {Chosen | null} */ (null));
  const [columns, setColumns] = useState(/** @type {import("../lib/import-mapping.js").Column[]} */ ([]));
  const [name, setName] = useState("");
  const [options, setOptions] = useState({ dedupeBy: "", isAborting: false });
  const [problem, setProblem] = useState("");
  const [sent, setSent] = useState(/** @type {{sent: number, total: number} | null} */ (null));
  const [error, setError] = useState(/** @type {any} */ (null));
  const [result, setResult] = useState(/** @type {any} */ (null));
  const abort = useRef(/** @type {AbortController | null} */ (null));
  // What undoes the import; the dataset itself is read anew as soon as the rows are there.
  const versionBefore = useRef(/** @type {number | null} */ (null));
  const take = (/** @type {File} */ file) => {
    setProblem("");
    readHead(file).then((head) => {
      setColumns(guessColumns(head.columns));
      setName(file.name.replace(/\.[^.]*$/, "").replace(/[_-]+/g, " "));
      setChosen({ file, head });
    }, (caught) => setProblem(caught.message));
  };
  const hasInput = columns.some((column) => column.role === "input");
  const isBusy = sent !== null;
  const canSend = chosen !== null && hasInput && !isBusy && (dataset || name.trim() !== "");
  const plan = chosen && { head: chosen.head, columns, ...options };
  const send = () => {
    if (!canSend || !chosen || !plan) return;
    abort.current = new AbortController();
    versionBefore.current = dataset?.version ?? null;
    setError(null);
    setSent({ sent: 0, total: chosen.file.size });
    importFile({ file: chosen.file, plan, datasetId: dataset?.id ?? null, name: name.trim(), signal: abort.current.signal, onProgress: (done, total) => setSent({ sent: done, total }) })
      .then(finish, (caught) => isAbort(caught) || setError(caught))
      .finally(() => setSent(null));
  };
  const finish = (/** @type {any} */ done) => {
    if (done.error_count || done.duplicate_count) return setResult(done);
    return leave(done);
  };
  const leave = (/** @type {any} */ done) => {
    addedToast({ datasetId: done.dataset_id, name: dataset?.name ?? name.trim(), added: done.imported_count, versionBefore: versionBefore.current, isNew: !dataset });
    onClose();
    if (onDone) onDone(done.dataset_id);
    else navigate(`/datasets/${done.dataset_id}`);
  };
  useKeys({ run: send });
  const targets = columns.flatMap((column) => targetOf(column, columns) ?? []);
  const isSent = sent !== null && sent.sent >= sent.total;
  const footer = result
    ? html`<${Button} kind="primary" onClick=${() => leave(result)}>Open the dataset</${Button}>`
    : html`${isBusy && html`<div class="grow"><${Progress} done=${sent.sent} total=${isSent ? null : sent.total} label=${isSent ? "The server reads the file" : "Sending the file"} />
        <p class="muted small">${isSent ? "Sent; the server reads the rows…" : `${formatBytes(sent.sent)} of ${formatBytes(sent.total)}`}</p></div>`}
      <${Button} onClick=${() => (isBusy ? abort.current?.abort() : onClose())}>Cancel</${Button}>
      ${chosen && html`<${Button} kind="primary" onClick=${send} isBusy=${isBusy} isDisabled=${!canSend}>Import <${Key} id="run" /></${Button}>`}`;
  return html`<${Dialog} title=${dataset ? `Import into ${dataset.name}` : "Import a file as a new dataset"} size="large" onClose=${onClose} footer=${footer} isBusy=${isBusy}>
    ${!chosen && html`<${ImportDrop} onFile=${take} error=${problem} />`}
    ${chosen && !result && html`
      <div class="row"><p class="grow cut"><b>${chosen.file.name}</b> <span class="muted">${chosen.head.format.toUpperCase()}, ${formatBytes(chosen.file.size)}</span></p>
        <${Button} kind="quiet" onClick=${() => setChosen(null)} isDisabled=${isBusy}>Another file</${Button}></div>
      ${!dataset && html`<${Field} label="Name of the dataset">
        ${(/** @type {any} */ field) => html`<input ...${field} type="text" maxlength="255" value=${name} onInput=${(/** @type {any} */ event) => setName(event.target.value)} />`}</${Field}>`}
      <${ImportColumns} columns=${columns} records=${chosen.head.records} onChange=${setColumns} />
      ${!hasInput && html`<p class="bad" role="alert">Say which column is the input: every row needs one.</p>`}
      <${ImportPreview} records=${chosen.head.records} columns=${columns} />
      <div class="row row-wrap">
        <label class="row">Leave out rows that are there already, by
          <select value=${options.dedupeBy} onChange=${(/** @type {any} */ event) => setOptions({ ...options, dedupeBy: event.target.value })}>
            <option value="">nothing: keep all</option>${targets.filter((target) => target !== "metadata").map((target) => html`<option key=${target} value=${target}>${target}</option>`)}</select></label>
        <label class="row"><input type="checkbox" checked=${options.isAborting} onChange=${() => setOptions({ ...options, isAborting: !options.isAborting })} />import nothing if a line cannot be read</label></div>
      ${plan && html`<${ImportCall} datasetId=${dataset?.id ?? null} name=${name} fileName=${chosen.file.name} plan=${plan} />`}`}
    ${result && chosen && html`<${ImportResult} result=${result} name=${chosen.file.name} />`}
    ${error && html`<${Problem} error=${error} retry=${send} isInline=${true} />`}
  </${Dialog}>`;
}
