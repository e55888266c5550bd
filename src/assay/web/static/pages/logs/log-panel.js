/** One log beside the table. */
import { html } from "../../vendor/preact.js";
import { SidePanel } from "../../components/side-panel.js";
import { href } from "../../lib/url.js";
import { LogDetail } from "./log-detail.js";

/**
 * @param {{id: string, onClose: () => void, onPrevious: (() => void) | null, onNext: (() => void) | null, onAdd: () => void, onDelete: () => void,
 *   onFilter: (key: string, value: any) => void, onColumn: (path: string) => void, onLog: (id: string) => void}} props
 */
export function LogPanel({ id, onClose, onPrevious, onNext, onAdd, onDelete, ...detail }) {
  const actions = html`<button type="button" class="button" onClick=${onAdd}>Add to dataset</button>
    <a class="button" href=${href(`/logs/${id}`)}>Open as a page</a>
    <span class="grow"></span><button type="button" class="button button-quiet" onClick=${onDelete}>Delete</button>`;
  return html`<${SidePanel} title=${html`<span class="mono" title=${id}>${id.slice(-8)}</span>`} label="Log" name="logs" onClose=${onClose} onPrevious=${onPrevious} onNext=${onNext} actions=${actions}>
    <${LogDetail} id=${id} ...${detail} />
  </${SidePanel}>`;
}
