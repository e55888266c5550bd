/** A value of any kind as people read it: a conversation, a tree, the raw text, or its difference from what was expected. */
import { html, useMemo, useState } from "../vendor/preact.js";
import { formatBytes } from "../lib/format.js";
import { besideMessages, messagesOf } from "../lib/messages.js";
import { jsonInText } from "../lib/preview.js";
import { saveText } from "../lib/save-text.js";
import { Chat } from "./chat.js";
import { CopyButton } from "./copy-button.js";
import { DiffView } from "./diff-view.js";
import { JsonTree } from "./json-tree.js";
import { ValueText } from "./value-text.js";

/** @typedef {"chat" | "json" | "raw" | "diff"} Mode */

const LABELS = { chat: "Chat", json: "JSON", raw: "Raw", diff: "Diff" };
// Of a shorter value the size says nothing.
const LEAST_NAMED_BYTES = 1_000;

/**
 * @param {{label: string, value: any, expected?: any, expectedName?: string, mode?: string, onMode?: (mode: Mode) => void,
 *   path?: string, onFilter?: (path: string, value: any) => void, onColumn?: (path: string) => void,
 *   downloadName?: string, loadAll?: () => Promise<any>, actions?: any}} props `expected` adds the difference; `path` goes
 *   before the paths handed out; `loadAll` says that the value is only the beginning, and fetches the whole
 */
export function ValuePane(props) {
  const { label, expected, expectedName = "expected", path, onFilter, onColumn, actions, loadAll } = props;
  const [own, setOwn] = useState("");
  const [whole, setWhole] = useState(/** @type {{of: any, value: any} | null} */ (null));
  const value = whole && whole.of === props.value ? whole.value : props.value;
  const parsed = useMemo(() => jsonInText(value) ?? value, [value]);
  const messages = useMemo(() => messagesOf(parsed), [parsed]);
  const raw = useMemo(() => rawOf(value), [value]);
  const isTree = typeof parsed === "object" && parsed !== null;
  const modes = /** @type {Mode[]} */ ([
    messages && "chat",
    isTree && "json",
    "raw",
    expected !== undefined && expected !== null && "diff",
  ].filter(Boolean));
  const asked = /** @type {Mode} */ (props.mode || own);
  const mode = modes.includes(asked) ? asked : modes[0];
  const fileName = props.downloadName ?? `${label}.${isTree ? "json" : "txt"}`;
  const setMode = (/** @type {Mode} */ next) => (setOwn(next), props.onMode?.(next));
  return html`<section class="value" aria-label=${label}>
    <header class="value-head">
      <span class="value-label">${label}</span>
      ${raw.length >= LEAST_NAMED_BYTES && html`<span class="muted small">${formatBytes(raw.length)}</span>`}
      <span class="grow"></span>
      ${modes.length > 1 && html`<${Modes} label=${label} modes=${modes} mode=${mode} onMode=${setMode} />`}
      <${CopyButton} text=${raw} />
      ${raw.length >= LEAST_NAMED_BYTES && html`<button type="button" class="button button-quiet" onClick=${() => saveText(raw, fileName)}>Download</button>`}
      ${actions}
    </header>
    <div class="value-body">
      ${value === null || value === undefined || value === ""
        ? html`<p class="muted">${value === "" ? "Empty text" : "No value"}</p>`
        : mode === "chat" ? html`<${Chat} messages=${messages} others=${besideMessages(parsed)} label=${`${label} as a conversation`} downloadName=${fileName} />`
        : mode === "json" ? html`<${JsonTree} value=${parsed} label=${`${label} as JSON`} path=${path} onFilter=${onFilter} onColumn=${onColumn} />`
        : mode === "diff" ? html`<${DiffView} before=${jsonInText(expected) ?? expected} after=${parsed} beforeName=${expectedName} afterName=${label} />`
        : html`<${ValueText} text=${raw} isMono=${typeof value !== "string"} downloadName=${fileName} />`}
      ${loadAll && value === props.value && html`<${Rest} loadAll=${loadAll} onLoad=${(/** @type {any} */ all) => setWhole({ of: props.value, value: all })} />`}
    </div>
  </section>`;
}

/** @param {any} value */
function rawOf(value) {
  if (typeof value === "string") return value;
  return value === null || value === undefined ? "" : JSON.stringify(value, null, 2);
}

/** @param {{label: string, modes: Mode[], mode: Mode, onMode: (mode: Mode) => void}} props */
function Modes({ label, modes, mode, onMode }) {
  return html`<span class="value-modes" role="group" aria-label=${`Show ${label} as`}>
    ${modes.map((each) => html`<button key=${each} type="button" class="value-mode" aria-pressed=${each === mode} onClick=${() => onMode(each)}>${LABELS[each]}</button>`)}
  </span>`;
}

/** The offer to fetch what the server left out. @param {{loadAll: () => Promise<any>, onLoad: (value: any) => void}} props */
function Rest({ loadAll, onLoad }) {
  const [state, setState] = useState("");
  const load = () => {
    setState("busy");
    loadAll().then(onLoad, (error) => setState(error.message));
  };
  return html`<p class="value-cut row row-wrap">
    <span>Only the beginning is shown.</span>
    <button type="button" class="button" disabled=${state === "busy"} onClick=${load}>Load all</button>
    ${state && state !== "busy" && html`<span class="bad" role="alert">${state}</span>`}
  </p>`;
}
