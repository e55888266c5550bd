/** Short messages at the foot of the page, and work that can be taken back for some seconds. */
import { signal } from "../vendor/preact.js";

/** @typedef {{id: number, text: string, kind: "info" | "good" | "bad", action: {label: string, run: () => void} | null}} Toast */

/** What is shown, oldest first. */
export const toasts = signal(/** @type {Toast[]} */ ([]));
const SECONDS = { info: 5, good: 5, bad: 10 };
let last = 0;

/** @param {number} id */
export function dismiss(id) {
  toasts.value = toasts.peek().filter((toast) => toast.id !== id);
}

/**
 * Say something in passing.
 * @param {string} text
 * @param {{kind?: "info" | "good" | "bad", action?: {label: string, run: () => void}, seconds?: number}} [options]
 * @returns {() => void} what takes it away
 */
export function toast(text, { kind = "info", action, seconds } = {}) {
  const id = ++last;
  toasts.value = [...toasts.peek().slice(-3), { id, text, kind, action: action ?? null }];
  setTimeout(() => dismiss(id), 1000 * (seconds ?? SECONDS[kind]));
  return () => dismiss(id);
}

/** Work that waits for its time. @type {Set<() => void>} */
const waiting = new Set();
window.addEventListener("pagehide", () => [...waiting].forEach((finish) => finish()));

/**
 * Do something that can be taken back: `run` is called when the time is over, at the latest when the page is left
 * (its requests then need `keepalive`), `undo` when the user takes it back or `run` fails.
 * @param {{text: string, run: (keepalive: boolean) => Promise<any>, undo: () => void, seconds?: number}} what
 */
export function withUndo({ text, run, undo, seconds = 10 }) {
  let isOver = false;
  const end = () => {
    isOver = true;
    waiting.delete(leave);
    clearTimeout(timer);
    close();
  };
  const finish = (/** @type {boolean} */ isLeaving) => {
    if (isOver) return;
    end();
    run(isLeaving).catch((error) => {
      undo();
      toast(error.message, { kind: "bad" });
    });
  };
  const leave = () => finish(true);
  const takeBack = () => {
    if (isOver) return;
    end();
    undo();
  };
  const timer = setTimeout(() => finish(false), seconds * 1000);
  const close = toast(text, { action: { label: "Undo", run: takeBack }, seconds });
  waiting.add(leave);
}
