/** The question before a report is deleted. */
import { html } from "../../vendor/preact.js";
import { Confirm } from "../../components/confirm.js";
import { invalidate, request } from "../../lib/api.js";
import { navigate } from "../../lib/url.js";

/** @param {{report: any, path: string, onClose: () => void}} props */
export default function DeleteDialog({ report, path, onClose }) {
  const remove = async () => {
    await request("DELETE", path);
    navigate(`/datasets/${report.dataset_id}/reports`);
    invalidate("/api/eval-reports/");
  };
  return html`<${Confirm} title="Delete this report?" action="Delete report" onClose=${onClose} onConfirm=${remove} call=${{ method: "DELETE", path }}
    text="Its judgements, reasons and prompts are deleted. The scores on the rows stay." />`;
}
