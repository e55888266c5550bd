/** What moves on the server, told as it moves. */
import { useEffect, useRef } from "../vendor/preact.js";
import { addressOf } from "./api.js";

/**
 * Follow reports and jobs by Server-Sent Events. Each event is a complete snapshot, so a lost one costs nothing; when
 * the page comes back from sleep the stream is opened anew, which begins with the present state.
 * @param {{reportId?: string | null, isActive?: boolean}} which one report, or all
 * @param {(snapshot: {reports: any[], jobs: any[]}) => void} onSnapshot
 * @param {(isConnected: boolean) => void} [onConnection]
 */
export function useEvents({ reportId = null, isActive = true }, onSnapshot, onConnection) {
  const tell = useRef({ onSnapshot, onConnection });
  tell.current = { onSnapshot, onConnection };
  useEffect(() => {
    if (!isActive) return undefined;
    /** @type {EventSource | null} */
    let source = null;
    let retry = 0;
    const open = () => {
      clearTimeout(retry);
      source?.close();
      source = new EventSource(addressOf({ path: "/api/events/", params: { report_id: reportId } }));
      source.onopen = () => tell.current.onConnection?.(true);
      source.addEventListener("progress", (event) => tell.current.onSnapshot(JSON.parse(event.data)));
      source.onerror = () => {
        tell.current.onConnection?.(false);
        // The browser itself tries again unless the answer was a refusal.
        if (source?.readyState === EventSource.CLOSED) retry = window.setTimeout(open, 5_000);
      };
    };
    const wake = () => document.visibilityState === "visible" && open();
    open();
    document.addEventListener("visibilitychange", wake);
    window.addEventListener("online", open);
    return () => {
      clearTimeout(retry);
      source?.close();
      document.removeEventListener("visibilitychange", wake);
      window.removeEventListener("online", open);
    };
  }, [reportId, isActive]);
}
