/** New logs that wait behind a pill until they are asked for: rows never move by themselves. */
import { html, useEffect, useState } from "../../vendor/preact.js";
import { isAbort, request } from "../../lib/api.js";
import { formatInteger } from "../../lib/format.js";

const LOOK_MILLISECONDS = 2_500;

/** @param {{logs: import("./use-logs.js").Logs}} props */
export function Live({ logs }) {
  const [isLive, setIsLive] = useState(false);
  const [waiting, setWaiting] = useState(0);
  const [isBroken, setIsBroken] = useState(false);
  const { selection } = logs;
  const isOver = selection.end_time !== undefined && Date.parse(selection.end_time) < Date.now();
  useEffect(() => {
    setWaiting(0);
    if (!isLive || isOver) return undefined;
    const abort = new AbortController();
    let timer = 0;
    const look = async () => {
      try {
        if (document.visibilityState === "visible" && logs.isReady) {
          const { count } = await request("POST", "/api/request-logs/count/", { body: { ...selection, start_time: logs.end() }, signal: abort.signal });
          if (abort.signal.aborted) return;
          setWaiting(count);
          setIsBroken(false);
        }
      } catch (error) {
        if (isAbort(error)) return;
        setIsBroken(true);
      }
      timer = window.setTimeout(look, LOOK_MILLISECONDS);
    };
    timer = window.setTimeout(look, LOOK_MILLISECONDS);
    return () => {
      abort.abort();
      clearTimeout(timer);
    };
  }, [isLive, isOver, selection, logs.isReady]);
  return html`<span class="logs-live">
    <button type="button" class="button button-quiet" aria-pressed=${isLive} disabled=${isOver} onClick=${() => setIsLive(!isLive)}
      title=${isOver ? "The window of time is over" : "Look for new logs"}>
      <span class=${`logs-dot ${isLive ? (isBroken ? "warn" : "good") : ""}`} aria-hidden="true">●</span> Live
    </button>
    <span role="status">${isLive && waiting > 0 && html`<button type="button" class="logs-pill" onClick=${() => (setWaiting(0), logs.refresh())}>${formatInteger(waiting)} new ${waiting === 1 ? "row" : "rows"}</button>`}
      ${isLive && isBroken && html`<span class="warn small">No connection</span>`}</span>
  </span>`;
}
