/** The letter of a run in its colour: A grey, B blue, C ochre, D teal, E plum and on. */
import { html } from "../vendor/preact.js";

const LETTERS = "ABCDEFGH";

/** The letter of a run by its position, from 0. @param {number} position */
export const runLetter = (position) => LETTERS[position] ?? String(position + 1);

/** @param {{position: number, name?: string, isBaseline?: boolean}} props */
export function RunBadge({ position, name = "", isBaseline = false }) {
  const letter = runLetter(position);
  return html`<span class="run-badge"><span class=${`run-badge-colour run-badge-${letter.toLowerCase()}`} aria-hidden="true"></span>
    <b>${letter}</b>${name && html` <span class="run-badge-name">${name}</span>`}${isBaseline && html` <span class="muted small">baseline</span>`}</span>`;
}
