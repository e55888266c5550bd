/** Sampling request logs into a dataset: the body that asks for it, what would match, and the work itself. */
import { useEffect, useState } from "../vendor/preact.js";
import { invalidate, isAbort, request } from "./api.js";
import { waitForJob } from "./job.js";
import { parseQuery, toFilters } from "./query.js";
import { windowOf } from "./time-window.js";

/**
 * What the dialog holds. `range` is a window as the URL writes it, `now` the moment it counts from.
 * @typedef {{query: string, range: string, now: number, how: "random" | "all" | "newest", size: number, stratifyBy: string, seed: number,
 *   isOutputExpected: boolean, hasMetadata: boolean, logIds: string[] | null}} Sample
 */

/** Which logs: the part that counts and samplings share. @param {Sample} sample */
export function selectionOf({ query, range, now, logIds }) {
  if (logIds) return { log_ids: logIds };
  const { filters, search } = toFilters(parseQuery(query, "request log"));
  const window = windowOf(range, now);
  return { ...window, end_time: window.end_time ?? new Date(now).toISOString(), filters, ...(search ? { search } : {}) };
}

/** The fields of a body that takes a sample. @param {Sample} sample */
export function sampleBody(sample) {
  const { how, size, stratifyBy, seed, isOutputExpected, hasMetadata } = sample;
  const shaping = { ...(isOutputExpected ? { output_as_expected: true } : {}), ...(hasMetadata ? {} : { copy_metadata: false }) };
  if (sample.logIds || how === "all") return { ...selectionOf(sample), ...shaping };
  const method = how === "newest" ? { sampling_method: "newest" } : stratifyBy ? { stratify_by: stratifyBy, seed } : { seed };
  return { ...selectionOf(sample), sampling_count: size, ...method, ...shaping };
}

/** The call that adds a sample to a dataset, or makes one of it. @param {Sample} sample @param {{id?: string, name?: string}} target @returns {import("./api.js").Call} */
export function sampleCall(sample, { id, name }) {
  if (id) return { method: "POST", path: `/api/datasets/${id}/logs/import/`, body: sampleBody(sample) };
  const { log_ids: ids, ...body } = /** @type {any} */ (sampleBody(sample));
  return { method: "POST", path: "/api/datasets/", body: ids ? { name, ...body, filters: { id: { operator: "in", value: ids } } } : { name, ...body } };
}

/**
 * How many logs match, asked anew when the selection changes; the former number stays meanwhile.
 * @param {Record<string, any> | null} selection
 * @returns {{count: number | null, isExact: boolean, milliseconds: number, isLoading: boolean, error: any}}
 */
export function useMatchCount(selection) {
  const [state, setState] = useState({ count: /** @type {number | null} */ (null), isExact: true, milliseconds: 0, isLoading: true, error: /** @type {any} */ (null) });
  const key = JSON.stringify(selection);
  useEffect(() => {
    if (selection === null) return undefined;
    const abort = new AbortController();
    const started = performance.now();
    setState((last) => ({ ...last, isLoading: true }));
    request("POST", "/api/request-logs/count/", { body: selection, signal: abort.signal }).then(
      ({ count, is_exact: isExact }) =>
        abort.signal.aborted || setState({ count, isExact, milliseconds: Math.round(performance.now() - started), isLoading: false, error: null }),
      (error) => abort.signal.aborted || isAbort(error) || setState((last) => ({ ...last, isLoading: false, error })),
    );
    return () => abort.abort();
  }, [key]);
  return state;
}

/**
 * Take a sample and wait until its rows are there.
 * @param {import("./api.js").Call} call
 * @param {(job: any) => void} onLook told how far the job is
 * @returns {Promise<{datasetId: string, name: string, added: number, skipped: number}>} throws ApiError, or Error with the job's reason
 */
export async function takeSample(call, onLook) {
  const answer = await request("POST", call.path, { body: call.body });
  const job = await waitForJob(answer.job_id, { onLook });
  invalidate("/api/datasets/");
  if (job.state === "failed") throw new Error(`Nothing was added: ${job.error_message}`);
  const skipped = job.outcome?.skipped_count ?? 0;
  return { datasetId: job.subject_id, name: answer.name ?? "", added: job.done_count, skipped };
}
