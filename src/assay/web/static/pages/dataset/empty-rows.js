/** A dataset without rows, or a filter that finds none: why, and what next. */
import { html } from "../../vendor/preact.js";
import { pathOf } from "../../lib/dataset-rows.js";
import { Button } from "../../components/button.js";
import { Empty } from "../../components/empty.js";
import { Snippet } from "../../components/snippet.js";

/** @param {{dataset: any, isFiltered: boolean, isFilling: boolean, onClear: () => void, onDialog: (dialog: string) => void}} props */
export function EmptyRows({ dataset, isFiltered, isFilling, onClear, onDialog }) {
  if (isFiltered) {
    return html`<${Empty} title="No row matches" text="The dataset has rows, but none that this filter finds.">
      <${Button} onClick=${onClear}>Clear the filter</${Button}></${Empty}>`;
  }
  if (isFilling) return html`<${Empty} title="Rows are on their way" text="They show here as soon as they are added." />`;
  const call = { method: "POST", path: `${pathOf(dataset.id)}logs/`, body: { input: { question: "How long do refunds take?" }, output: "Two weeks.", expected_output: "5–7 business days" } };
  return html`<${Empty} title="This dataset has no rows yet" text="A row is an input and an output, and anything else that helps to judge it.">
    <${Button} kind="primary" onClick=${() => onDialog("sample")}>Sample from logs</${Button}>
    <${Button} onClick=${() => onDialog("import")}>Import a file</${Button}>
    <${Button} onClick=${() => onDialog("row")}>New row</${Button}>
    <${Snippet} call=${call} />
  </${Empty}>`;
}
