/** A dataset: its rows, reports, versions and settings. */
import { html, useEffect, useState } from "../vendor/preact.js";
import { invalidate, useRequest } from "../lib/api.js";
import { useOffer } from "../lib/commands.js";
import { pathOf } from "../lib/dataset-rows.js";
import { formatInteger, plural } from "../lib/format.js";
import { href, navigate, setParams } from "../lib/url.js";
import { Empty } from "../components/empty.js";
import { LazyPart } from "../components/lazy-part.js";
import { PageHead } from "../components/page-head.js";
import { Problem } from "../components/problem.js";
import { Skeleton } from "../components/skeleton.js";
import { Tabs } from "../components/tabs.js";
import { DatasetActions } from "./dataset/actions.js";
import { DatasetRows } from "./dataset/rows.js";

const POLL_MILLISECONDS = 1_000;
const PARTS = {
  reports: () => import("./dataset/reports.js").then((module) => module.default),
  versions: () => import("./dataset/versions.js").then((module) => module.default),
  settings: () => import("./dataset/dataset-settings.js").then((module) => module.default),
};

/** @param {{params: {dataset_id: string, tab?: string}}} props */
export default function DatasetPage({ params: { dataset_id: id, tab = "rows" } }) {
  const { data: dataset, error, retry } = useRequest({ path: pathOf(id) });
  const reports = useRequest({ path: `${pathOf(id)}eval-reports/list/`, params: { page_size: 1 } });
  const [dialog, setDialog] = useState("");
  const isFilling = dataset && dataset.status !== "ready" && dataset.status !== "failed";
  useEffect(() => {
    if (!isFilling) return undefined;
    const timer = setTimeout(() => invalidate(pathOf(id)), POLL_MILLISECONDS);
    return () => clearTimeout(timer);
  }, [dataset]);
  useOffer([
    { label: "Run eval on this dataset", run: () => setDialog("run") },
    { label: "Add a row", run: () => setDialog("row") },
    { label: "Import a file into this dataset", run: () => setDialog("import") },
    { label: "Sample from logs into this dataset", run: () => setDialog("sample") },
    { label: "Versions of this dataset", run: () => navigate(`/datasets/${id}/versions`) },
  ]);
  if (!dataset) {
    if (error?.status === 404) {
      return html`<${Empty} title="There is no such dataset" text="It may have been deleted, or the address is mistyped.">
        <a class="button" href=${href("/datasets")}>Go to datasets</a></${Empty}>`;
    }
    return error ? html`<${Problem} error=${error} retry=${retry} />` : html`<${Skeleton} lines=${8} label="Loading the dataset" />`;
  }
  const at = (/** @type {string} */ part) => href(`/datasets/${id}${part && `/${part}`}`);
  const tabs = [
    { label: "Rows", href: at(""), count: dataset.log_count, isCurrent: tab === "rows" },
    { label: "Reports", href: at("reports"), count: reports.data?.total_count, isCurrent: tab === "reports" },
    { label: "Versions", href: at("versions"), count: dataset.version, isCurrent: tab === "versions" },
    { label: "Settings", href: at("settings"), isCurrent: tab === "settings" },
  ];
  const meta = html`<span>${plural(dataset.log_count, "row")} · v${formatInteger(dataset.version)}</span>
    ${isFilling && html`<span class="chip chip-accent" role="status">rows are being added</span>`}
    ${dataset.status === "failed" && html`<span class="chip chip-bad">adding rows failed</span>`}`;
  const load = PARTS[/** @type {keyof typeof PARTS} */ (tab)];
  return html`<${PageHead} title=${dataset.name} crumbs=${[{ label: "Datasets", href: href("/datasets") }]} meta=${meta}
      actions=${html`<${DatasetActions} dataset=${dataset} tab=${tab} dialog=${dialog} onDialog=${setDialog} />`} />
    <${Tabs} items=${tabs} label="Views of the dataset" />
    ${tab === "rows"
      ? html`<${DatasetRows} dataset=${dataset} report=${reports.data?.results[0] ?? null} isFilling=${Boolean(isFilling)} onDialog=${setDialog} />`
      : load
        ? html`<${LazyPart} key=${tab} load=${load} hasSkeleton=${true} dataset=${dataset} onDialog=${setDialog} />`
        : html`<${Empty} title="There is no such view" text=${`A dataset has rows, reports, versions and settings, but no “${tab}”.`}>
            <a class="button" href=${at("")} onClick=${() => setParams({})}>Go to the rows</a></${Empty}>`}`;
}
