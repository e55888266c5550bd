/** Which columns a grid shows, in which order: known ones, and any JSON path. */
import { html, useId, useLayoutEffect, useRef, useState } from "../vendor/preact.js";

/** @typedef {{id: string, label: string, hint?: string}} Choice */

/**
 * @param {{choices: Choice[], shown: string[], onShown: (ids: string[]) => void, paths?: string[], canAdd?: boolean,
 *   defaults?: string[]}} props `choices` are offered, `shown` may hold other paths; `paths` complete what is typed
 */
export function ColumnsMenu({ choices, shown, onShown, paths = [], canAdd = true, defaults }) {
  const [isOpen, setIsOpen] = useState(false);
  const button = useRef(/** @type {HTMLButtonElement | null} */ (null));
  const popover = useRef(/** @type {HTMLElement | null} */ (null));
  const id = useId();
  useLayoutEffect(() => {
    const list = popover.current;
    if (!isOpen || !list || !button.current) return;
    list.showPopover();
    const at = button.current.getBoundingClientRect();
    list.style.left = `${Math.max(8, Math.min(at.left, innerWidth - list.offsetWidth - 8))}px`;
    list.style.top = `${Math.max(8, Math.min(at.bottom + 4, innerHeight - list.offsetHeight - 8))}px`;
    /** @type {HTMLElement | null} */ (list.querySelector("input"))?.focus();
  }, [isOpen]);
  const close = () => {
    setIsOpen(false);
    button.current?.focus();
  };
  const others = choices.filter((choice) => !shown.includes(choice.id));
  const named = shown.map((each) => choices.find((choice) => choice.id === each) ?? { id: each, label: each });
  const toggle = (/** @type {string} */ each) => onShown(shown.includes(each) ? shown.filter((one) => one !== each) : [...shown, each]);
  return html`<span class="menu">
    <button ref=${button} type="button" class="button" aria-haspopup="dialog" aria-expanded=${isOpen} aria-controls=${isOpen ? id : undefined}
      onClick=${() => setIsOpen(!isOpen)}>Columns<span class="menu-arrow" aria-hidden="true">▾</span></button>
    ${isOpen &&
    html`<div ref=${popover} id=${id} class="columns-popover" role="dialog" aria-label="Columns" popover="auto"
      onToggle=${(/** @type {any} */ event) => event.newState === "closed" && setIsOpen(false)}
      onKeyDown=${(/** @type {KeyboardEvent} */ event) => event.key === "Escape" && (event.preventDefault(), event.stopPropagation(), close())}>
      <div class="columns-list">
        ${named.map((choice, at) => html`<${Item} key=${choice.id} choice=${choice} isShown=${true} onToggle=${toggle}
          onUp=${at > 0 ? () => onShown(moved(shown, at, at - 1)) : null} onDown=${at < shown.length - 1 ? () => onShown(moved(shown, at, at + 1)) : null} />`)}
        ${others.map((choice) => html`<${Item} key=${choice.id} choice=${choice} isShown=${false} onToggle=${toggle} />`)}
      </div>
      ${canAdd && html`<${AddPath} paths=${paths.filter((path) => !shown.includes(path))} onAdd=${(/** @type {string} */ path) => !shown.includes(path) && onShown([...shown, path])} />`}
      ${defaults && defaults.join() !== shown.join() && html`<p><button type="button" class="button button-quiet" onClick=${() => onShown(defaults)}>As at first</button></p>`}
    </div>`}
  </span>`;
}

/** @param {string[]} ids @param {number} from @param {number} to */
function moved(ids, from, to) {
  const next = ids.filter((_, at) => at !== from);
  next.splice(to, 0, ids[from]);
  return next;
}

/** @param {{choice: Choice, isShown: boolean, onToggle: (id: string) => void, onUp?: (() => void) | null, onDown?: (() => void) | null}} props */
function Item({ choice, isShown, onToggle, onUp, onDown }) {
  return html`<div class="columns-item">
    <label><input type="checkbox" checked=${isShown} onChange=${() => onToggle(choice.id)} /><span class="cut" title=${choice.id}>${choice.label}</span></label>
    ${choice.hint && html`<span class="muted small">${choice.hint}</span>`}
    ${onUp !== undefined && html`<button type="button" class="button button-quiet button-icon" aria-label=${`Move ${choice.label} to the left`} disabled=${!onUp} onClick=${onUp}>↑</button>
      <button type="button" class="button button-quiet button-icon" aria-label=${`Move ${choice.label} to the right`} disabled=${!onDown} onClick=${onDown}>↓</button>`}
  </div>`;
}

/** @param {{paths: string[], onAdd: (path: string) => void}} props */
function AddPath({ paths, onAdd }) {
  const [path, setPath] = useState("");
  const id = useId();
  /** @param {Event} event */
  const add = (event) => {
    event.preventDefault();
    if (path.trim()) onAdd(path.trim());
    setPath("");
  };
  return html`<form onSubmit=${add}>
    <input type="text" list=${id} aria-label="Any JSON path" placeholder="Any path, such as metadata.topic" value=${path}
      onInput=${(/** @type {any} */ event) => setPath(event.target.value)} />
    <datalist id=${id}>${paths.slice(0, 200).map((each) => html`<option key=${each} value=${each} />`)}</datalist>
    <button class="button" type="submit" disabled=${!path.trim()}>Add</button>
  </form>`;
}
