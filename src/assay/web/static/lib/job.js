/** Following one job of the server until it ends. */
import { useEffect, useRef, useState } from "../vendor/preact.js";
import { isAbort, request } from "./api.js";

const FIRST_LOOK_MILLISECONDS = 200;
const LONGEST_LOOK_MILLISECONDS = 2_000;

/**
 * Wait for a job in growing intervals; what it looks like meanwhile is told.
 * @param {string} id
 * @param {{signal?: AbortSignal, onLook?: (job: any) => void}} [options]
 * @returns {Promise<any>} the job as it ended, completed or failed
 */
export async function waitForJob(id, { signal, onLook } = {}) {
  for (let pause = FIRST_LOOK_MILLISECONDS; ; pause = Math.min(LONGEST_LOOK_MILLISECONDS, pause * 1.5)) {
    const job = await request("GET", `/api/jobs/${id}/`, { signal });
    onLook?.(job);
    if (job.state !== "running") return job;
    await new Promise((done) => setTimeout(done, pause));
    signal?.throwIfAborted();
  }
}

/**
 * @param {string | null} id null follows nothing
 * @param {(job: any) => void} [onEnd] called once, with the job as it ended
 * @returns {{job: any, error: any}} the job as it was last seen
 */
export function useJob(id, onEnd) {
  const [state, setState] = useState(/** @type {{job: any, error: any}} */ ({ job: null, error: null }));
  const tell = useRef(onEnd);
  tell.current = onEnd;
  useEffect(() => {
    if (id === null) return undefined;
    const abort = new AbortController();
    waitForJob(id, { signal: abort.signal, onLook: (job) => abort.signal.aborted || setState({ job, error: null }) }).then(
      (job) => abort.signal.aborted || tell.current?.(job),
      (error) => abort.signal.aborted || isAbort(error) || setState((last) => ({ job: last.job, error })),
    );
    return () => abort.abort();
  }, [id]);
  return state;
}
