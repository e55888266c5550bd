/** The list of datasets before there is one: what a dataset is, and three ways to the first. */
import { html, useState } from "../../vendor/preact.js";
import { Button } from "../../components/button.js";
import { Empty } from "../../components/empty.js";
import { Snippet } from "../../components/snippet.js";
import { asCurl, asPython, invalidate, request } from "../../lib/api.js";
import { waitForJob } from "../../lib/job.js";
import { datasetStep, rowStep } from "../../lib/start-steps.js";
import { toast } from "../../lib/toast.js";
import { navigate } from "../../lib/url.js";

/** @param {{onDialog: (dialog: string) => void}} props */
export function NoDatasets({ onDialog }) {
  const [isLoading, setIsLoading] = useState(false);
  const loadDemo = async () => {
    setIsLoading(true);
    try {
      const job = await waitForJob((await request("POST", "/api/demo/")).id);
      if (job.state === "failed") throw new Error(job.error_message);
      invalidate("/api/");
      navigate(`/datasets/${job.outcome.dataset_id}`);
    } catch (error) {
      toast(/** @type {Error} */ (error).message, { kind: "bad" });
      setIsLoading(false);
    }
  };
  const [make, add] = [datasetStep().call, rowStep().call];
  return html`<${Empty} title="No datasets yet" text="A dataset is a set of rows (input, output, anything) that you can evaluate.">
      <${Button} kind="primary" onClick=${() => onDialog("sample")}>From logs</${Button}>
      <${Button} onClick=${() => onDialog("import")}>Upload JSONL or CSV</${Button}>
      <${Button} onClick=${loadDemo} isBusy=${isLoading}>Try the demo (400 rows)</${Button}>
      <div class="datasets-snippet"><${Snippet} texts=${{ curl: `${asCurl(make)}\n\n${asCurl(add)}`, Python: `${asPython(make)}\n\n${asPython(add)}` }} /></div>
    </${Empty}>`;
}
