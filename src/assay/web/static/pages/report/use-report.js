/** An eval report that is followed while it runs: its figures at most once a second, its progress as it is told. */
import { useEffect, useRef, useState } from "../../vendor/preact.js";
import { invalidate, useRequest } from "../../lib/api.js";
import { useEvents } from "../../lib/live.js";
import { isOver, paceOf, withFigures, withProgress } from "../../lib/report.js";

const FIGURES_EVERY_MILLISECONDS = 1_000;
const POLL_EVERY_MILLISECONDS = 2_000;

/**
 * @param {string | undefined} datasetId undefined where only the report's id is known
 * @param {string} reportId
 * @returns {{report: any, error: any, retry: () => void, isConnected: boolean, wasRunning: boolean,
 *   pace: number | null, path: string | null}} `pace` in judgements a second; `path` is the API's, null until known
 */
export function useReport(datasetId, reportId) {
  const [snapshot, setSnapshot] = useState(/** @type {any} */ (null));
  const [isConnected, setIsConnected] = useState(true);
  const [wasRunning, setWasRunning] = useState(false);
  const [isStale, setIsStale] = useState(false);
  const seen = useRef(/** @type {Array<[number, number]>} */ ([]));
  const lastAsked = useRef(0);
  const line = useRequest(datasetId ? null : { method: "POST", path: "/api/eval-reports/list/", body: { filters: { id: reportId } } });
  const owner = datasetId ?? line.data?.results[0]?.dataset_id ?? null;
  const path = owner ? `/api/datasets/${owner}/eval-reports/${reportId}/` : null;
  const found = useRequest(path ? { path } : null);
  const figures = useRequest(path ? { path: `${path}summary/` } : null);
  const isFollowed = found.data !== null && !isOver(found.data.state);

  useEvents(
    { reportId, isActive: isFollowed },
    ({ reports }) => {
      const next = reports.find((one) => one.id === reportId);
      if (!next) return;
      seen.current = [...seen.current, /** @type {[number, number]} */ ([Date.now(), next.finished_count])].slice(-40);
      setSnapshot(next);
      setIsStale(true);
      if (!isOver(next.state)) setWasRunning(true);
    },
    setIsConnected,
  );
  useEffect(() => {
    if (isFollowed) return;
    setSnapshot(null);
    seen.current = [];
  }, [isFollowed]);
  // Figures are dearer than progress: one request at a time, and a second between them.
  useEffect(() => {
    if (!isStale || figures.isLoading) return undefined;
    const wait = Math.max(0, lastAsked.current + FIGURES_EVERY_MILLISECONDS - Date.now());
    const timer = setTimeout(() => {
      lastAsked.current = Date.now();
      setIsStale(false);
      figures.retry();
      if (!isConnected) found.retry();
    }, wait);
    return () => clearTimeout(timer);
  }, [isStale, figures.isLoading, isConnected]);
  useEffect(() => {
    if (path && isOver(snapshot?.state)) invalidate(path);
  }, [isOver(snapshot?.state)]);
  // Without the stream a request every two seconds says the same.
  useEffect(() => {
    if (!isFollowed || isConnected) return undefined;
    const timer = setInterval(() => setIsStale(true), POLL_EVERY_MILLISECONDS);
    return () => clearInterval(timer);
  }, [isFollowed, isConnected]);

  const isTold = isFollowed && isConnected;
  const report = found.data && withFigures(isTold ? withProgress(found.data, snapshot) : found.data, figures.data);
  const isUnknown = line.data !== null && owner === null;
  return {
    report,
    error: line.error ?? found.error ?? (isUnknown ? new Error(`There is no report ${reportId}; it may have been deleted.`) : null),
    retry: datasetId || owner ? found.retry : line.retry,
    isConnected,
    wasRunning,
    pace: isFollowed ? paceOf(seen.current) : null,
    path,
  };
}
