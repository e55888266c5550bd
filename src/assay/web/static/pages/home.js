/** The first page: the steps of a start until there is a finished report, then the datasets. */
import { html, useEffect } from "../vendor/preact.js";
import { Problem } from "../components/problem.js";
import { Skeleton } from "../components/skeleton.js";
import { useRequest } from "../lib/api.js";
import { navigate } from "../lib/url.js";

const FINISHED = { path: "/api/eval-reports/list/", params: { status: "completed", page_size: 1 } };

/** Leads on as soon as it is known where to. */
export default function Home() {
  const { data, error, retry } = useRequest(FINISHED);
  useEffect(() => {
    if (data) navigate(data.count > 0 ? "/datasets" : "/start", { replace: true });
  }, [data]);
  if (error) return html`<${Problem} error=${error} retry=${retry} />`;
  return html`<${Skeleton} lines=${6} />`;
}
