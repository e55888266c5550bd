/** One evaluator: its definition, the bench that tries it, its versions, and who used it. */
import { html, useEffect, useRef, useState } from "../vendor/preact.js";
import { LazyPart } from "../components/lazy-part.js";
import { PageHead } from "../components/page-head.js";
import { Problem } from "../components/problem.js";
import { Skeleton } from "../components/skeleton.js";
import { useRequest } from "../lib/api.js";
import { remembered } from "../lib/settings.js";
import { href, useParam } from "../lib/url.js";
import { Bench } from "./evaluator/bench.js";
import { useDraft } from "./evaluator/draft.js";
import { Editor } from "./evaluator/editor.js";
import { fieldsOf } from "./evaluator/fields.js";
import { Actions } from "./evaluator/actions.js";
import { KINDS, kindOf } from "./evaluator/kinds.js";
import { usePaths } from "./evaluator/paths.js";
import { VersionMenu, useVersions, versionName } from "./evaluator/versions.js";

const usedBy = () => import("./evaluator/used-by.js").then((module) => module.UsedBy);
const CRUMBS = [{ label: "Evaluators", href: href("/evaluators") }];

/** @param {{params: Record<string, string>}} props */
export default function EvaluatorPage({ params }) {
  const { data, error, retry } = useRequest({ path: `/api/evaluators/${encodeURIComponent(params.evaluator_id)}/` });
  if (!data) {
    return html`<${PageHead} title=${params.evaluator_id} crumbs=${CRUMBS} />${error ? html`<${Problem} error=${error} retry=${retry} />` : html`<${Skeleton} lines=${8} />`}`;
  }
  return html`<${Loaded} key=${data.id} evaluator=${data} />`;
}

/** The rows that the bench takes, by the URL. @param {any[] | null} datasets @returns {import("./evaluator/bench.js").Sample} */
function useSample(datasets) {
  const last = remembered("bench.dataset", "");
  const [dataset] = useParam("dataset");
  const [size] = useParam("n", "10");
  const [seed] = useParam("seed", "0");
  const has = (/** @type {string} */ id) => datasets?.some((each) => each.id === id);
  const datasetId = dataset || (has(last.value) ? last.value : (datasets?.[0]?.id ?? ""));
  useEffect(() => {
    if (dataset) last.value = dataset;
  }, [dataset]);
  return { datasetId, size: Math.min(200, Math.max(1, Number(size) || 10)), seed: Number(seed) || 0 };
}

/** @param {{evaluator: any}} props */
function Loaded({ evaluator }) {
  const [v] = useParam("v");
  const draft = useDraft(evaluator);
  const [errors, setErrors] = useState(/** @type {Record<string, string[]>} */ ({}));
  const [isComparing, setComparing] = useState(false);
  const runRef = useRef(() => {});
  const versions = useVersions(evaluator.id);
  const known = versions.data?.results ?? [];
  const old = v !== "" && Number(v) !== evaluator.version ? known.find((/** @type {any} */ each) => String(each.version) === v) : null;
  const isMissing = v !== "" && versions.data !== null && !old && Number(v) !== evaluator.version;
  const datasets = useRequest({ path: "/api/datasets/list/", params: { page_size: 200 } });
  const sample = useSample(datasets.data?.results ?? null);
  const paths = usePaths(sample.datasetId);
  const shown = old ?? evaluator;
  const isReadOnly = old !== null && old !== undefined ? true : evaluator.is_builtin;
  const set = (/** @type {Record<string, any>} */ changes) => {
    draft.set(changes);
    // What was said of a field that is edited is no longer about it.
    setErrors((last) => Object.fromEntries(Object.entries(last).filter(([name]) => !(name.split(".")[0] in changes))));
  };
  const fields = old ? fieldsOf(old) : draft.fields;
  const menu = known.length > 0 ? html`<${VersionMenu} evaluator=${evaluator} shown=${shown} versions=${known} onCompare=${() => setComparing(true)} />` : html`<span>${versionName(shown)}</span>`;
  return html`<div class="evaluator">
    <${PageHead} title=${evaluator.name} crumbs=${CRUMBS} mark=${draft.isChanged ? "•" : ""}
      meta=${html`<span class="chip">${KINDS[kindOf(evaluator)]}</span>${menu}${draft.isChanged && !old && html`<span class="chip chip-warn">unsaved changes</span>`}`}
      actions=${html`<${Actions} evaluator=${evaluator} draft=${draft} old=${old} versions=${known} isComparing=${isComparing} setComparing=${setComparing}
        onErrors=${setErrors} />`} />
    ${isMissing && html`<p class="evaluator-notice evaluator-wide">There is no version ${v}. This is the newest.</p>`}
    <div class="evaluator-columns">
      <${Editor} evaluator=${shown} fields=${fields} set=${set} errors=${errors} isReadOnly=${isReadOnly} isOld=${Boolean(old)} draft=${draft} paths=${paths}
        onRun=${() => runRef.current()} />
      <${Bench} evaluator=${evaluator} changes=${old ? changesTo(old, evaluator) : draft.changes} datasets=${datasets.data?.results ?? null} sample=${sample}
        onErrors=${setErrors} runRef=${runRef} />
    </div>
    <${LazyPart} load=${usedBy} evaluator=${evaluator} datasetId=${sample.datasetId} />
  </div>`;
}

/** What makes the newest version into an older one: an old version is tried like an edit. @param {any} old @param {any} evaluator */
function changesTo(old, evaluator) {
  const before = fieldsOf(evaluator);
  const after = fieldsOf(old);
  return Object.fromEntries(Object.entries(after).filter(([name, value]) => JSON.stringify(value) !== JSON.stringify(before[name])));
}
