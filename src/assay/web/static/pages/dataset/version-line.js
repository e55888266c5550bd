/** One version in the list: its number and name, what it changed, what can be done with it. */
import { html } from "../../vendor/preact.js";
import { formatInteger, plural } from "../../lib/format.js";
import { href } from "../../lib/url.js";
import { Menu } from "../../components/menu.js";
import { Time } from "../../components/time.js";

/** What the server calls a change, in plain words. @type {Record<string, string>} */
const WORDS = {
  create: "row added", "bulk create": "rows added", append: "rows added", import: "file imported", "log import": "sampled from logs",
  update: "row edited", delete: "row deleted", "delete all": "all rows deleted", "delete by filter": "rows deleted", restore: "restored", copy: "copied",
};

/** @param {{version: any}} props */
export function Counts({ version }) {
  const { added_count: added, removed_count: removed, changed_count: changed } = version;
  return html`<span class="version-counts">
    ${added > 0 && html`<span class="good">+${formatInteger(added)}<span class="visually-hidden"> added</span></span>`}
    ${removed > 0 && html`<span class="bad">−${formatInteger(removed)}<span class="visually-hidden"> removed</span></span>`}
    ${changed > 0 && html`<span class="warn">~${formatInteger(changed)}<span class="visually-hidden"> changed</span></span>`}
    ${!added && !removed && !changed && html`<span class="muted">no change</span>`}
  </span>`;
}

/**
 * @param {{version: any, dataset: any, isNewest: boolean, isCompared: boolean, onDiff: () => void, onName: () => void,
 *   onRestore: () => void}} props
 */
export function VersionLine({ version, dataset, isNewest, isCompared, onDiff, onName, onRestore }) {
  const { number, tag } = version;
  const items = [
    { label: "Show its rows", href: href(`/datasets/${dataset.id}`, { version: number }) },
    { label: tag ? "Change its name" : "Name it", run: onName },
    !isNewest && { label: "Restore it", run: onRestore },
  ];
  return html`<li class=${`version ${isCompared ? "version-current" : ""}`}>
    <button type="button" class="version-open" aria-pressed=${isCompared} onClick=${onDiff}>
      <span class="version-number">v${number}</span>
      ${tag && html`<span class="chip chip-accent cut">${tag}</span>`}
      ${isNewest && html`<span class="chip">newest</span>`}
      <span class="grow cut">${WORDS[version.change] ?? version.change}</span>
      <${Counts} version=${version} />
    </button>
    <p class="version-about muted small">${plural(version.log_count, "row")} · <${Time} at=${version.created_at} /> by ${version.created_by}
      ${version.is_pinned && html` · <span title="A report or a name keeps it as it is">pinned</span>`}</p>
    <${Menu} kind="icon" label="⋯" name=${`More for version ${number}`} items=${items} />
  </li>`;
}
