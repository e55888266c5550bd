/** What can be done with a run: stop, pause, resume, run failed judgements again, run all again, download. */
import { html, useState } from "../../vendor/preact.js";
import { addressOf, invalidate, request } from "../../lib/api.js";
import { plural } from "../../lib/format.js";
import { isOver } from "../../lib/report.js";
import { toast } from "../../lib/toast.js";
import { Button } from "../../components/button.js";
import { copyText } from "../../components/copy-button.js";
import { Menu } from "../../components/menu.js";
import { LazyPart } from "../../components/lazy-part.js";

const loadRerun = () => import("./rerun-dialog.js").then((module) => module.default);
const loadDelete = () => import("./delete-dialog.js").then((module) => module.default);
const loadCalls = () => import("./calls-dialog.js").then((module) => module.default);

/** @param {{report: any, path: string, view: any}} props */
export function ReportActions({ report, path, view }) {
  const [busy, setBusy] = useState("");
  const [open, setOpen] = useState(/** @type {"" | "rerun" | "calls" | "delete"} */ (""));
  const over = isOver(report.state);
  const failed = report.evaluators.reduce((/** @type {number} */ sum, /** @type {any} */ task) => sum + task.failed_count, 0);
  const missing = report.progress.cell_count - report.progress.finished_count;
  /** @param {string} wish */
  const act = (wish) => {
    setBusy(wish);
    request("POST", `${path}${wish}/`, { body: {} })
      .then(() => invalidate(path))
      .catch((error) => toast(error.message, { kind: "bad" }))
      .finally(() => setBusy(""));
  };
  /** @param {string} format @param {string} content */
  const fileOf = (format, content) => addressOf({ path: `${path}export/`, params: { format, content } });
  const items = [
    { label: "Run again…", run: () => setOpen("rerun") },
    !over && "Notification" in window && Notification.permission === "default" && {
      label: "Notify me when it is done",
      run: () => void Notification.requestPermission(),
    },
    null,
    { label: "CSV, previews", href: fileOf("csv", "preview") },
    { label: "CSV, full values", href: fileOf("csv", "full") },
    { label: "JSONL, previews", href: fileOf("jsonl", "preview") },
    { label: "JSONL, full values", href: fileOf("jsonl", "full") },
    null,
    { label: "Copy link", run: () => copyText(location.href).then(() => toast("Link copied")) },
    { label: "API calls…", run: () => setOpen("calls") },
    over && null,
    over && { label: "Delete report…", isDanger: true, run: () => setOpen("delete") },
  ];
  return html`
    ${(report.state === "running" || report.state === "pending") && html`
      <${Button} onClick=${() => act("pause")} isBusy=${busy === "pause"} isDisabled=${report.is_pause_requested || report.is_cancel_requested}>Pause</${Button}>`}
    ${report.state === "paused" && html`<${Button} kind="primary" onClick=${() => act("resume")} isBusy=${busy === "resume"}>Resume</${Button}>`}
    ${!over && html`<${Button} onClick=${() => act("cancel")} isBusy=${busy === "cancel"} isDisabled=${report.is_cancel_requested}>Stop</${Button}>`}
    <${Menu} label="More" name="More actions of this report" items=${items} />
    ${over && (failed > 0 || missing > 0) && html`
      <${Button} kind="primary" onClick=${() => act("retry-failed")} isBusy=${busy === "retry-failed"}
        title=${`Runs ${plural(failed + missing, "judgement")} again; what was scored stays`}>${missing ? "Run what is missing" : "Re-run failed"}</${Button}>`}
    ${open === "rerun" && html`<${LazyPart} load=${loadRerun} report=${report} path=${path} onClose=${() => setOpen("")} />`}
    ${open === "calls" && html`<${LazyPart} load=${loadCalls} report=${report} path=${path} view=${view} onClose=${() => setOpen("")} />`}
    ${open === "delete" && html`<${LazyPart} load=${loadDelete} report=${report} path=${path} onClose=${() => setOpen("")} />`}`;
}
