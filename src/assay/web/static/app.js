/** The application: which address shows which page, fetched when it is first needed. */
import { html, render, useErrorBoundary, useLayoutEffect, useState } from "./vendor/preact.js";
import { Empty } from "./components/empty.js";
import { Problem } from "./components/problem.js";
import { Shell } from "./components/shell.js";
import { Skeleton } from "./components/skeleton.js";
import { reloadOnce, whyMissing } from "./lib/modules.js";
import { applyAppearance } from "./lib/theme.js";
import { followLocation, href, where } from "./lib/url.js";

/** @typedef {() => Promise<{default: (props: any) => any}>} Load */

// Views of one thing that are one page: the page stays while the view changes.
const dataset = () => import("./pages/dataset.js");
const report = () => import("./pages/report.js");
const settings = () => import("./pages/settings.js");

/** The same table is in web/shell.py, which begins to fetch the page's modules. @type {Array<[string, Load]>} */
const ROUTES = [
  ["/", () => import("./pages/home.js")],
  ["/login", () => import("./pages/login.js")],
  ["/start", () => import("./pages/start.js")],
  ["/logs", () => import("./pages/logs.js")],
  ["/logs/:log_id", () => import("./pages/log.js")],
  ["/datasets", () => import("./pages/datasets.js")],
  ["/datasets/:dataset_id", dataset],
  ["/datasets/:dataset_id/:tab", dataset],
  ["/datasets/:dataset_id/reports/:report_id", report],
  ["/reports", () => import("./pages/reports.js")],
  ["/reports/:report_id", report],
  ["/evaluators", () => import("./pages/evaluators.js")],
  ["/evaluators/:evaluator_id", () => import("./pages/evaluator.js")],
  ["/settings", settings],
  ["/settings/:tab", settings],
];

const TABLE = ROUTES.map(([pattern, load]) => ({
  load,
  pattern,
  shape: new RegExp(`^${pattern.replace(/:(\w+)/g, "(?<$1>[^/]+)")}$`),
}));

/** @param {string} path */
function routeOf(path) {
  for (const { load, pattern, shape } of TABLE) {
    const found = shape.exec(path);
    if (!found) continue;
    const params = Object.fromEntries(Object.entries(found.groups ?? {}).map(([k, v]) => [k, decodeURIComponent(v)]));
    return { load, pattern, params };
  }
  return null;
}

/** @param {{load: Load, params: Record<string, string>}} props */
function Page({ load, params }) {
  const [loaded, setLoaded] = useState(/** @type {{of: Load, Content: any} | null} */ (null));
  const [failure, setFailure] = useState(/** @type {any} */ (null));
  const [error, resetError] = useErrorBoundary((caught) => console.error(caught));
  const [turn, setTurn] = useState(0);
  useLayoutEffect(() => {
    let isCurrent = true;
    setFailure(null);
    load().then(
      (module) => isCurrent && setLoaded({ of: load, Content: module.default }),
      async (caught) => {
        const { error, isOutdated } = await whyMissing(caught);
        // A tab that stayed open while Assay was upgraded asks for files of the former release.
        if (isCurrent && !(isOutdated && reloadOnce())) setFailure(error);
      },
    );
    return () => {
      isCurrent = false;
    };
  }, [load, turn]);
  if (error) return html`<${Problem} error=${error} retry=${resetError} />`;
  if (failure) return html`<${Problem} error=${failure} retry=${() => setTurn(turn + 1)} />`;
  if (loaded === null || loaded.of !== load) return html`<${Skeleton} lines=${6} />`;
  return html`<${loaded.Content} params=${params} />`;
}

function NoPage() {
  return html`<${Empty} title="There is no such page" text="The address may be mistyped, or what it showed was deleted.">
    <a class="button" href=${href("/datasets")}>Go to datasets</a>
  </${Empty}>`;
}

function App() {
  const route = routeOf(where.value.path);
  if (route?.pattern === "/login") return html`<${Page} key="login" load=${route.load} params=${{}} />`;
  // A page keeps its state while only its tab changes; another thing of the same kind is a page of its own.
  const { tab, ...identity } = route?.params ?? {};
  return html`<${Shell}>
    ${route ? html`<${Page} key=${`${route.load} ${Object.values(identity)}`} load=${route.load} params=${route.params} />` : html`<${NoPage} />`}
  </${Shell}>`;
}

applyAppearance();
followLocation();
render(html`<${App} />`, /** @type {Element} */ (document.getElementById("app")));
