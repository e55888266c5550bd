/** What a run of evaluators asks for, and what it will likely cost. */

/** @typedef {{name: string, version: string, trials: string, budgetUsd: string, clusterBy: string, isCached: boolean, concurrency: string}} Settings as they are typed */

/** @param {string} datasetId @param {string[]} slugs @param {Settings} settings @returns {import("./api.js").Call} */
export function runCall(datasetId, slugs, { name, version, trials, budgetUsd, clusterBy, isCached, concurrency }) {
  const body = {
    evaluator_slugs: slugs,
    ...(name.trim() ? { name: name.trim() } : {}),
    ...(version ? { dataset_version: version } : {}),
    ...(trials !== "" && trials !== "1" ? { trials: Number(trials) } : {}),
    ...(budgetUsd !== "" ? { budget_usd: Number(budgetUsd) } : {}),
    ...(clusterBy.trim() ? { cluster_by: clusterBy.trim() } : {}),
    ...(isCached ? { cache: true } : {}),
    ...(concurrency !== "" ? { max_concurrency: Number(concurrency) } : {}),
  };
  return { method: "POST", path: `/api/datasets/${datasetId}/eval-reports/create/`, body };
}

/**
 * What so many cells of each evaluator would cost at the price of its last report.
 * @param {string[]} slugs @param {any[]} reports newest first @param {number} cells of each evaluator
 * @returns {number | null} US dollars, null when the price of one of them is not known
 */
export function costOf(slugs, reports, cells) {
  let total = 0;
  for (const slug of slugs) {
    const parts = reports.flatMap((report) => report.evaluators.filter((/** @type {any} */ part) => part.evaluator_slug === slug));
    const part = parts.find((each) => each.scored_count > 0 && each.unknown_cost_count === 0);
    if (!part) return null;
    total += (part.cost_usd / part.scored_count) * cells;
  }
  return slugs.length ? total : null;
}
