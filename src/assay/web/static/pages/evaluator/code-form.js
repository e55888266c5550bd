/** The form of a Python evaluator: its function. */
import { html } from "../../vendor/preact.js";
import { CodeEditor } from "../../components/code-editor.js";
import { Labelled } from "./labelled.js";

/** @typedef {import("./fields.js").Fields} Fields */

/** Where a mistake stands that the server names by its line. @param {string} source @param {string[]} messages */
function places(source, messages) {
  const lines = source.split("\n");
  return messages.map((message) => {
    const line = Math.min(lines.length, Math.max(1, Number(/line (\d+)/.exec(message)?.[1] ?? 1)));
    const from = lines.slice(0, line - 1).reduce((sum, text) => sum + text.length + 1, 0);
    return { from, to: from + lines[line - 1].length, message };
  });
}

/**
 * @param {{fields: Fields, set: (changes: Fields) => void, errors: Record<string, string[]>, isReadOnly: boolean, onRun: () => void}} props
 */
export function CodeForm({ fields, set, errors, isReadOnly, onRun }) {
  const isOlder = !fields.code_config;
  const source = (isOlder ? fields.configurations : fields.code_config)?.eval_code_snippet ?? "";
  const error = errors[isOlder ? "configurations.eval_code_snippet" : "code_config.eval_code_snippet"];
  const change = (/** @type {string} */ text) =>
    set(isOlder ? { configurations: { ...fields.configurations, eval_code_snippet: text } } : { code_config: { ...fields.code_config, eval_code_snippet: text } });
  return html`<${Labelled} label="Python" error=${error}
    hint=${html`<code>main(eval_inputs)</code> gets a dict with <code>input</code>, <code>output</code>, <code>expected_output</code>, <code>metadata</code> and <code>metrics</code>;
      it returns the score, or a dict of <code>primary_score</code> and <code>explanation</code>. It runs in a sandbox: no network, no files, 1 second a row.`}>
    <${CodeEditor} language="python" label="Python" value=${source} isReadOnly=${isReadOnly} minLines=${16} errors=${error && places(source, error)}
      onSubmit=${onRun} onChange=${change} />
  </${Labelled}>`;
}
