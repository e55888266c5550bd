/** The versions of a dataset: what each changed, and the difference between any two. */
import { html, useState } from "../../vendor/preact.js";
import { useRequest } from "../../lib/api.js";
import { pathOf } from "../../lib/dataset-rows.js";
import { plural } from "../../lib/format.js";
import { setParams, where } from "../../lib/url.js";
import { Button } from "../../components/button.js";
import { Empty } from "../../components/empty.js";
import { Problem } from "../../components/problem.js";
import { Skeleton } from "../../components/skeleton.js";
import { UnknownParams } from "../../components/unknown-params.js";
import { NameVersion } from "./name-version.js";
import { RestoreVersion } from "./restore-version.js";
import { VersionDiff } from "./version-diff.js";
import { VersionLine } from "./version-line.js";

const PAGE_SIZE = 50;

/** @param {{dataset: any}} props */
export default function DatasetVersions({ dataset }) {
  const [count, setCount] = useState(PAGE_SIZE);
  const [dialog, setDialog] = useState(/** @type {{kind: "name" | "restore", version: any} | null} */ (null));
  const { data, error, retry, isLoading } = useRequest({ path: `${pathOf(dataset.id)}versions/list/`, params: { page_size: count } });
  const { params } = where.value;
  if (!data) return error ? html`<${Problem} error=${error} retry=${retry} />` : html`<${Skeleton} lines=${8} label="Loading the versions" />`;
  const versions = data.results;
  if (versions.length === 0) return html`<${Empty} title="No versions yet" text="Every change of the rows makes a version: it always means the same rows." />`;
  // Without a choice, what the newest version changed.
  const to = params.get("to") ?? String(dataset.version);
  const from = params.get("from") ?? (params.has("to") ? "0" : String(Math.max(0, dataset.version - 1)));
  const close = () => setDialog(null);
  return html`<div class="page-body versions">
    <p class="muted versions-intro">Every change of the rows makes a version, which always means the same rows with the same content. Reports are pinned to one.</p>
    <${UnknownParams} known=${["from", "to", "kind", "page"]} />
    ${error && html`<${Problem} error=${error} retry=${retry} isInline=${true} />`}
    <div class="versions-split">
      <section class="versions-list" aria-label="Versions">
        <ol>${versions.map((/** @type {any} */ version) => html`<${VersionLine} key=${version.number} version=${version} dataset=${dataset} isNewest=${version.number === dataset.version}
          isCompared=${String(version.number) === to || version.tag === to} onDiff=${() => setParams({ from: version.number - 1, to: version.number, kind: null, page: null })}
          onName=${() => setDialog({ kind: "name", version })} onRestore=${() => setDialog({ kind: "restore", version })} />`)}</ol>
        ${data.total_count > versions.length && html`<p><${Button} isBusy=${isLoading} onClick=${() => setCount(count + 200)}>Show earlier, ${plural(data.total_count - versions.length, "more version")}</${Button}></p>`}
      </section>
      <section class="versions-diff" aria-label="Difference">
        <${VersionDiff} dataset=${dataset} versions=${versions} from=${from} to=${to} />
      </section>
    </div>
    ${dialog?.kind === "name" && html`<${NameVersion} dataset=${dataset} version=${dialog.version} onClose=${close} />`}
    ${dialog?.kind === "restore" && html`<${RestoreVersion} dataset=${dataset} version=${dialog.version} onClose=${close} />`}
  </div>`;
}
