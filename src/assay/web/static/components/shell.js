/** What surrounds every page: the rail, messages, the palette, the sheet of keys. */
import { html, useState } from "../vendor/preact.js";
import { request } from "../lib/api.js";
import { begun, holdLetters, Key, useKeys } from "../lib/keys.js";
import { PLACES } from "../lib/places.js";
import { toast } from "../lib/toast.js";
import { BASE, href, navigate, where } from "../lib/url.js";
import { LazyPart } from "./lazy-part.js";
import { Toasts } from "./toasts.js";

/** End the session; unsaved work is asked about by the page that has it. */
function signOut() {
  request("DELETE", "/ui/session/").then(() => location.assign(href("/login")), (error) => toast(error.message, { kind: "bad" }));
}

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
    <a class="rail-link small" href=${`${BASE}/docs`} target="_blank" rel="noreferrer">API documentation</a>
    <button class="rail-link rail-button small" type="button" onClick=${signOut}>Sign out</button>
  </nav>`;
}

/** The palette, with what is typed while it is on its way. */
async function loadPalette() {
  const release = holdLetters();
  try {
    const { Palette } = await import("./palette.js");
    const typed = release();
    return (/** @type {any} */ props) => html`<${Palette} ...${props} typed=${typed} />`;
  } finally {
    release();
  }
}
const loadHelp = () => import("./help-sheet.js").then((module) => module.HelpSheet);

/** @param {{children: any}} props */
export function Shell({ children }) {
  const [open, setOpen] = useState(/** @type {"palette" | "help" | null} */ (null));
  const close = () => setOpen(null);
  const go = Object.fromEntries(PLACES.map(({ path, key }) => [key, () => navigate(path)]));
  useKeys({ ...go, palette: () => setOpen("palette"), help: () => setOpen("help") });
  return html`<div class="shell">
    <a class="shell-skip" href="#content">Skip to the content</a>
    <${Rail} onPalette=${() => setOpen("palette")} />
    <main class="shell-main" id="content" tabindex="-1">${children}</main>
    <${Toasts} />
    ${open === "palette" && html`<${LazyPart} key="palette" load=${loadPalette} onClose=${close} onHelp=${() => setOpen("help")} />`}
    ${open === "help" && html`<${LazyPart} key="help" load=${loadHelp} onClose=${close} />`}
  </div>`;
}
