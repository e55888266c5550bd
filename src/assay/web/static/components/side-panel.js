/** The panel beside a table that shows one row whole; over the page where there is no room beside it. */
import { html, useEffect, useId, useRef } from "../vendor/preact.js";
import { Key, useKeys } from "../lib/keys.js";
import { remembered } from "../lib/settings.js";
import { PanelEdge } from "./panel-edge.js";

const NARROW = "(max-width: 900px)";

/**
 * @param {{title: any, label?: string, onClose: () => void, onPrevious?: (() => void) | null, onNext?: (() => void) | null,
 *   actions?: any, footer?: any, children: any, name?: string}} props `name` is what its width is remembered by
 */
export function SidePanel({ title, label = "Row", onClose, onPrevious, onNext, actions, footer, children, name = "panel" }) {
  const share = remembered(`${name}.share`, 0.38);
  const panel = useRef(/** @type {HTMLElement | null} */ (null));
  const id = useId();
  useKeys({ close: onClose });
  useEffect(() => {
    const opener = /** @type {HTMLElement | null} */ (document.activeElement);
    // As a sheet it covers the table, so the focus goes along; beside the table it stays where the keys move rows.
    if (matchMedia(NARROW).matches) panel.current?.focus();
    return () => {
      if (panel.current?.contains(document.activeElement) || document.activeElement === document.body) opener?.focus?.();
    };
  }, []);
  return html`<aside ref=${panel} class="panel" aria-labelledby=${id} tabindex="-1" style=${{ "--panel-share": `${share.value * 100}%` }}>
    <${PanelEdge} share=${share} label=${label} />
    <header class="panel-head">
      <h2 id=${id} class="panel-title cut">${title}</h2>
      <span class="grow"></span>
      <span class="panel-steps">
        ${onPrevious !== undefined && html`<${Key} id="row.previous" /><${Step} sign="‹" name=${`Previous ${label.toLowerCase()}`} run=${onPrevious} />`}
        ${onNext !== undefined && html`<${Step} sign="›" name=${`Next ${label.toLowerCase()}`} run=${onNext} /><${Key} id="row.next" />`}
      </span>
      <button type="button" class="button button-quiet" onClick=${onClose}>Close</button><${Key} id="close" />
    </header>
    ${actions && html`<div class="panel-actions">${actions}</div>`}
    <div class="panel-body" tabindex="0" role="region" aria-labelledby=${id} onKeyDown=${keepScrolling}>${children}</div>
    ${footer && html`<footer class="panel-foot">${footer}</footer>`}
  </aside>`;
}

/** @param {{sign: string, name: string, run?: (() => void) | null}} props */
function Step({ sign, name, run }) {
  return html`<button type="button" class="button button-quiet button-icon" aria-label=${name} disabled=${!run} onClick=${run}><span aria-hidden="true">${sign}</span></button>`;
}

/** Keys that scroll belong to the panel while it has the focus, not to the table. @param {KeyboardEvent} event */
function keepScrolling(event) {
  if (event.target === event.currentTarget && /^(Arrow|Page|Home|End)/.test(event.key)) event.stopPropagation();
}
