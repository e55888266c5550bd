/** The analyses of a report: by slice, coverage, agreement with people, and how it was computed. */
import { html } from "../../vendor/preact.js";
import { AgreementView } from "./agreement.js";
import { CoverageView } from "./coverage.js";
import { ManifestView } from "./manifest.js";
import { SlicesView } from "./slices.js";

/** @type {Record<string, (props: any) => any>} */
const VIEWS = { slices: SlicesView, coverage: CoverageView, agreement: AgreementView, manifest: ManifestView };

/** @param {{report: any, path: string, view: any, manifest: any}} props */
export default function Analysis(props) {
  const View = VIEWS[props.view.show];
  if (!View) return html`<p class="report-analysis muted">There is no view named ${props.view.show}.</p>`;
  return html`<div class="report-analysis"><${View} ...${props} /></div>`;
}
