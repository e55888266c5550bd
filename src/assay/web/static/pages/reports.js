/** All eval reports, newest first. */
import { html } from "../vendor/preact.js";
import { PageHead } from "../components/page-head.js";
import { ReportList } from "../components/report-list.js";
import { href } from "../lib/url.js";

export default function ReportsPage() {
  return html`<div class="reports">
    <${PageHead} title="Reports" actions=${html`<a class="button button-primary" href=${href("/datasets", { run: 1 })}>Run eval</a>`} />
    <${ReportList} />
  </div>`;
}
