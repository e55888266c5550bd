/** A button that opens a menu. */
import { html, useId, useLayoutEffect, useRef, useState } from "../vendor/preact.js";
import { Key } from "../lib/keys.js";

/** @typedef {{label: any, run?: () => void, href?: string, key?: string, hint?: any, isChecked?: boolean, isDanger?: boolean, isDisabled?: boolean, keepsOpen?: boolean}} MenuItem */

/** @param {HTMLElement} list @param {KeyboardEvent} event */
function move(list, event) {
  const items = /** @type {HTMLElement[]} */ ([...list.querySelectorAll("[role^=menuitem]:not([aria-disabled=true])")]);
  const at = items.indexOf(/** @type {HTMLElement} */ (document.activeElement));
  const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: items.length - 1 }[event.key];
  if (to !== undefined) {
    event.preventDefault();
    items[(to + items.length) % items.length]?.focus();
  } else if (event.key.length === 1 && !event.ctrlKey && !event.metaKey) {
    const from = [...items.slice(at + 1), ...items.slice(0, at + 1)];
    from.find((item) => item.textContent?.trim().toLowerCase().startsWith(event.key.toLowerCase()))?.focus();
  }
}

/** Keep the list inside the window, below its button or above. @param {HTMLElement} list @param {HTMLElement} button */
function place(list, button) {
  const at = button.getBoundingClientRect();
  const { width, height } = list.getBoundingClientRect();
  const below = at.bottom + 4 + height <= innerHeight || at.top < height;
  list.style.left = `${Math.max(8, Math.min(at.left, innerWidth - width - 8))}px`;
  list.style.top = `${below ? at.bottom + 4 : at.top - height - 4}px`;
}

/**
 * @param {{label: any, items: Array<MenuItem | null | false>, kind?: "primary" | "quiet" | "icon", name?: string,
 *   title?: string}} props `name` is the accessible name where the label is a sign; null items are rules between groups
 */
export function Menu({ label, items, kind, name, title }) {
  const [isOpen, setIsOpen] = useState(false);
  const button = useRef(/** @type {HTMLButtonElement | null} */ (null));
  const list = useRef(/** @type {HTMLElement | null} */ (null));
  const id = useId();
  useLayoutEffect(() => {
    if (!isOpen || !list.current || !button.current) return;
    list.current.showPopover();
    place(list.current, button.current);
    /** @type {HTMLElement | null} */ (list.current.querySelector("[role^=menuitem]"))?.focus();
  }, [isOpen]);
  const close = () => {
    setIsOpen(false);
    button.current?.focus();
  };
  /** @param {MenuItem} item */
  const choose = (item) => {
    if (item.isDisabled) return;
    if (!item.keepsOpen) close();
    item.run?.();
  };
  const look = kind === "icon" ? "button-quiet button-icon" : kind ? `button-${kind}` : "";
  return html`<span class="menu">
    <button ref=${button} type="button" class=${`button ${look}`} aria-haspopup="menu" aria-expanded=${isOpen} title=${title}
      aria-controls=${isOpen ? id : undefined} aria-label=${name} onClick=${() => setIsOpen(!isOpen)}>
      ${label}${kind !== "icon" && html`<span class="menu-arrow" aria-hidden="true">▾</span>`}
    </button>
    ${isOpen &&
    html`<div ref=${list} id=${id} class="menu-list" role="menu" popover="auto" aria-label=${name ?? undefined}
      onToggle=${(/** @type {any} */ event) => event.newState === "closed" && setIsOpen(false)}
      onKeyDown=${(/** @type {KeyboardEvent} */ event) => {
        if (event.key === "Tab") setIsOpen(false);
        else if (event.key === "Escape") (event.preventDefault(), event.stopPropagation(), close());
        else move(/** @type {HTMLElement} */ (list.current), event);
      }}>
      ${items.map((item, place_) => (item ? entry(item, place_, choose) : item === null && html`<hr key=${place_} role="separator" />`))}
    </div>`}
  </span>`;
}

/** @param {MenuItem} item @param {number} at @param {(item: MenuItem) => void} choose */
function entry(item, at, choose) {
  const isChoice = item.isChecked !== undefined;
  const about = {
    class: `menu-item ${item.isDanger ? "bad" : ""}`,
    role: isChoice ? "menuitemcheckbox" : "menuitem",
    "aria-checked": isChoice ? item.isChecked : undefined,
    "aria-disabled": item.isDisabled || undefined,
    tabindex: -1,
  };
  const inside = html`<span class="menu-mark" aria-hidden="true">${item.isChecked ? "✓" : ""}</span>
    <span class="grow">${item.label}</span>${item.hint && html`<span class="muted small">${item.hint}</span>`}
    ${item.key && html`<${Key} id=${item.key} />`}`;
  return item.href
    ? html`<a key=${at} ...${about} href=${item.href} onClick=${() => choose(item)}>${inside}</a>`
    : html`<button key=${at} ...${about} type="button" onClick=${() => choose(item)}>${inside}</button>`;
}
