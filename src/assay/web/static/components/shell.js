/** What surrounds every page: the rail, messages, the palette, the sheet of keys. */
import { html, useState } from "../vendor/preact.js";
import { begun, Key, useKeys } from "../lib/keys.js";
import { PLACES } from "../lib/places.js";
import { href, navigate, where } from "../lib/url.js";
import { HelpSheet } from "./help-sheet.js";
import { Palette } from "./palette.js";
import { Toasts } from "./toasts.js";

/** @param {{onPalette: () => void}} props */
function Rail({ onPalette }) {
  const here = where.value.path;
  return html`<nav class="rail" aria-label="Main">
    <a class="rail-name" href=${href("/")}>Assay</a>
    <button class="rail-search" type="button" onClick=${onPalette}><span class="grow">Search…</span><${Key} id="palette" /></button>
    <ul>
      ${PLACES.map(({ path, label }) => {
        const isHere = here === path || here.startsWith(`${path}/`);
        return html`<li key=${path}>
          <a class="rail-link" href=${href(path)} aria-current=${isHere ? "page" : undefined}>${label}</a>
        </li>`;
      })}
    </ul>
    <div class="grow"></div>
    <p class="rail-begun" aria-hidden="true">${begun.value && html`<kbd>${begun.value}</kbd> …`}</p>
    <a class="rail-link small" href="/docs" target="_blank" rel="noreferrer">API documentation</a>
  </nav>`;
}

/** @param {{children: any}} props */
export function Shell({ children }) {
  const [open, setOpen] = useState(/** @type {"palette" | "help" | null} */ (null));
  const go = Object.fromEntries(PLACES.map(({ path, key }) => [key, () => navigate(path)]));
  useKeys({ ...go, palette: () => setOpen("palette"), help: () => setOpen("help") });
  return html`<div class="shell">
    <a class="shell-skip" href="#content">Skip to the content</a>
    <${Rail} onPalette=${() => setOpen("palette")} />
    <main class="shell-main" id="content" tabindex="-1">${children}</main>
    <${Toasts} />
    ${open === "palette" && html`<${Palette} onClose=${() => setOpen(null)} onHelp=${() => setOpen("help")} />`}
    ${open === "help" && html`<${HelpSheet} onClose=${() => setOpen(null)} />`}
  </div>`;
}
