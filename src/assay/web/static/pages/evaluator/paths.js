/** The paths that the rows of a dataset have: what a prompt may name. */
import { useMemo } from "../../vendor/preact.js";
import { useRequest } from "../../lib/api.js";

const ROOTS = ["input", "output", "expected_output", "metadata", "metrics"];
// The older names of the same parts.
const OLDER = ["llm_input", "llm_output", "ideal_output"];
const SAMPLED = 200;

/**
 * The paths of a dataset's rows; undefined while nothing is known.
 * @param {string} datasetId
 * @returns {import("../../components/code-editor.js").Completion[] | undefined}
 */
export function usePaths(datasetId) {
  const { data } = useRequest(datasetId ? { path: `/api/datasets/${datasetId}/schema/paths/`, params: { sampled: SAMPLED } } : null);
  return useMemo(() => {
    if (!data?.paths.length) return undefined;
    const roots = ROOTS.map((label) => ({ label, detail: "the whole" }));
    const paths = data.paths.map((/** @type {any} */ each) => ({ label: each.path, detail: each.types.join(" or ") }));
    return [...roots, ...paths.filter((/** @type {any} */ each) => !ROOTS.includes(each.label)), ...OLDER.map((label) => ({ label, detail: "older name" }))];
  }, [data]);
}
