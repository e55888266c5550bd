/** The settings of a dataset: name, description, tags, where its rows came from, and deleting it. */
import { html, useEffect, useState } from "../../vendor/preact.js";
import { invalidate, request } from "../../lib/api.js";
import { pathOf } from "../../lib/dataset-rows.js";
import { isSameJson } from "../../lib/json-path.js";
import { formatInteger, plural } from "../../lib/format.js";
import { toast } from "../../lib/toast.js";
import { guardLeaving, navigate } from "../../lib/url.js";
import { Button } from "../../components/button.js";
import { Confirm } from "../../components/confirm.js";
import { Field } from "../../components/field.js";
import { JsonTree } from "../../components/json-tree.js";
import { Snippet } from "../../components/snippet.js";
import { Time } from "../../components/time.js";

/** @param {string} text */
const tagsOf = (text) => [...new Set(text.split(",").map((tag) => tag.trim()).filter(Boolean))];

/** @param {{dataset: any}} props */
export default function DatasetSettings({ dataset }) {
  const [isDeleting, setIsDeleting] = useState(false);
  const remove = async () => {
    await request("DELETE", pathOf(dataset.id));
    toast(`Deleted ${dataset.name}.`);
    navigate("/datasets");
    invalidate("/api/datasets/");
  };
  const facts = [
    ["Id", html`<span class="mono">${dataset.id}</span>`],
    ["Rows", formatInteger(dataset.log_count)],
    ["Version", formatInteger(dataset.version)],
    ["Created", html`<${Time} at=${dataset.created_at} />`],
    ["Updated", html`<${Time} at=${dataset.updated_at} /> by ${dataset.updated_by?.first_name ?? "–"}`],
  ];
  return html`<div class="page-body dataset-settings">
    <${About} key=${dataset.id} dataset=${dataset} />
    <section class="stack" aria-labelledby="facts"><h2 id="facts">Facts</h2>
      <dl class="panel-facts">${facts.map(([name, value]) => html`<dt key=${name}>${name}</dt><dd key=${`${name} value`}>${value}</dd>`)}</dl>
      ${dataset.sampling_recipe && html`<details><summary>How its rows were sampled</summary><${JsonTree} value=${dataset.sampling_recipe} label="Sampling recipe" /></details>`}
      <details><summary>API call</summary><${Snippet} call=${{ path: pathOf(dataset.id) }} /></details>
    </section>
    <section class="stack dataset-danger" aria-labelledby="danger"><h2 id="danger">Delete the dataset</h2>
      <p class="muted">Its rows, versions, reports and scores go with it. This cannot be taken back.</p>
      <div><${Button} kind="danger" onClick=${() => setIsDeleting(true)}>Delete the dataset…</${Button}></div>
    </section>
    ${isDeleting && html`<${Confirm} title="Delete the dataset?" action="Delete the dataset" typed=${dataset.name} onClose=${() => setIsDeleting(false)} onConfirm=${remove}
      call=${{ method: "DELETE", path: pathOf(dataset.id) }}
      text=${`${dataset.name} with ${plural(dataset.log_count, "row")}, ${plural(dataset.version, "version")} and all its reports is deleted for good.`} />`}
  </div>`;
}

/** @param {{dataset: any}} props */
function About({ dataset }) {
  const stored = { name: dataset.name, description: dataset.description, tags: dataset.tags.map((/** @type {any} */ tag) => String(tag?.name ?? tag)) };
  const [name, setName] = useState(stored.name);
  const [description, setDescription] = useState(stored.description);
  const [tags, setTags] = useState(stored.tags.join(", "));
  const [error, setError] = useState(/** @type {any} */ (null));
  const [isBusy, setIsBusy] = useState(false);
  const body = { name, description, tags: tagsOf(tags) };
  const isChanged = !isSameJson(body, stored);
  useEffect(() => guardLeaving(() => (isChanged ? "Leave without saving the settings?" : null)), [isChanged]);
  /** @param {Event} event */
  const save = async (event) => {
    event.preventDefault();
    setIsBusy(true);
    setError(null);
    try {
      const saved = await request("PATCH", pathOf(dataset.id), { body });
      setName(saved.name);
      invalidate("/api/datasets/");
      toast("Saved.", { kind: "good" });
    } catch (caught) {
      setError(caught);
    }
    setIsBusy(false);
  };
  const typed = (/** @type {(text: string) => void} */ set) => (/** @type {any} */ event) => set(event.target.value);
  return html`<form class="stack" onSubmit=${save} aria-label="About the dataset">
    <${Field} label="Name" error=${error?.fields?.name}>${(/** @type {any} */ field) => html`<input ...${field} type="text" value=${name} onInput=${typed(setName)} />`}</${Field}>
    <${Field} label="Description" hint="What the rows are, and what they are for." error=${error?.fields?.description}>
      ${(/** @type {any} */ field) => html`<textarea ...${field} rows="3" value=${description} onInput=${typed(setDescription)}></textarea>`}</${Field}>
    <${Field} label="Tags" hint="Separated by commas." error=${error?.fields?.tags}>${(/** @type {any} */ field) => html`<input ...${field} type="text" value=${tags} onInput=${typed(setTags)} />`}</${Field}>
    ${error && Object.keys(error.fields).length === 0 && html`<p class="bad" role="alert">${error.message}</p>`}
    <div class="row"><${Button} kind="primary" type="submit" isBusy=${isBusy} isDisabled=${!isChanged}>Save</${Button}>
      <label class="row"><input type="checkbox" checked=${dataset.starred} onChange=${(/** @type {any} */ event) => star(dataset, event.target.checked)} /> Starred</label></div>
  </form>`;
}

/** @param {any} dataset @param {boolean} starred */
const star = (dataset, starred) =>
  request("PATCH", pathOf(dataset.id), { body: { starred } }).then(() => invalidate("/api/datasets/"), (error) => toast(error.message, { kind: "bad" }));
