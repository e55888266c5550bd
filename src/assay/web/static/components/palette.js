/** Search and commands: pages, actions of this page, things by name. */
import { html, useEffect, useId, useMemo, useRef, useState } from "../vendor/preact.js";
import { request } from "../lib/api.js";
import { useCommands } from "../lib/commands.js";
import { Key } from "../lib/keys.js";
import { PLACES } from "../lib/places.js";
import { remembered } from "../lib/settings.js";
import { theme } from "../lib/theme.js";
import { navigate } from "../lib/url.js";
import { Dialog } from "./dialog.js";

const MOST_SHOWN = 12;
const MOST_RECENT = 8;
const recent = remembered("recent-commands", /** @type {string[]} */ ([]));

/** How well `text` fits: all letters in order, the earlier and closer the better; null when it does not. @param {string} text @param {string} asked */
export function fit(text, asked) {
  const low = text.toLowerCase();
  const whole = low.indexOf(asked);
  if (whole >= 0) return 1000 - whole - low.length / 100;
  let at = -1;
  let gaps = 0;
  for (const letter of asked) {
    const next = low.indexOf(letter, at + 1);
    if (next < 0) return null;
    gaps += next - at - 1;
    at = next;
  }
  return 500 - gaps - low.length / 100;
}

const PAUSE_MILLISECONDS = 150;
const THINGS = [
  { path: "/api/datasets/list/", kind: "Dataset", place: "/datasets" },
  { path: "/api/evaluators/list/", kind: "Evaluator", place: "/evaluators" },
];

/** Things whose name has the text, the newest ones without any: the server looks, there may be thousands. @param {string} asked */
function useThings(asked) {
  const [things, setThings] = useState(/** @type {import("../lib/commands.js").Command[]} */ ([]));
  useEffect(() => {
    const abort = new AbortController();
    const body = asked ? { filters: { name: { operator: "icontains", value: [asked] } } } : {};
    const ask = async (/** @type {typeof THINGS[0]} */ { path, kind, place }) => {
      const answer = await request("POST", path, { params: { page_size: 20 }, body, signal: abort.signal });
      return answer.results.map((/** @type {any} */ each) => ({ label: each.name, kind, run: () => navigate(`${place}/${each.id}`) }));
    };
    const look = () => Promise.all(THINGS.map(ask)).then((found) => setThings(found.flat()), () => undefined);
    const timer = setTimeout(look, asked ? PAUSE_MILLISECONDS : 0);
    return () => {
      clearTimeout(timer);
      abort.abort();
    };
  }, [asked]);
  return things;
}

/** @param {{typed?: string, onClose: () => void, onHelp: () => void}} props `typed` is what it begins with */
export function Palette({ typed = "", onClose, onHelp }) {
  const [asked, setAsked] = useState(typed);
  const [at, setAt] = useState(0);
  const list = useRef(/** @type {HTMLElement | null} */ (null));
  const id = useId();
  const things = useThings(asked.trim());
  const actions = useCommands();
  const all = useMemo(
    () => [
      ...actions.map((command) => ({ kind: "This page", ...command })),
      ...PLACES.map(({ path, label, key }) => ({ label: `Go to ${label.toLowerCase()}`, kind: "Page", key, run: () => navigate(path) })),
      ...things,
      ...["system", "light", "dark"].map((name) => ({ label: `Theme: ${name}`, kind: "Appearance", run: () => (theme.value = name) })),
      { label: "All keys", kind: "Help", key: "help", run: onHelp },
    ],
    [actions, things],
  );
  const found = useMemo(() => {
    const text = asked.trim().toLowerCase();
    const rank = (/** @type {string} */ label) => (recent.value.includes(label) ? 100 - recent.value.indexOf(label) : 0);
    return all
      .map((command) => ({ command, worth: text ? fit(command.label, text) : 0 }))
      .filter((each) => each.worth !== null)
      .map((each) => ({ ...each, worth: /** @type {number} */ (each.worth) + rank(each.command.label) / (text ? 10 : 1) }))
      .sort((a, b) => b.worth - a.worth)
      .slice(0, MOST_SHOWN)
      .map((each) => each.command);
  }, [all, asked]);
  /** @param {any} command */
  const choose = (command) => {
    if (!command) return;
    recent.value = [command.label, ...recent.peek().filter((label) => label !== command.label)].slice(0, MOST_RECENT);
    onClose();
    command.run();
  };
  /** @param {KeyboardEvent} event */
  const onKey = (event) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step !== undefined) {
      event.preventDefault();
      setAt((at + step + found.length) % Math.max(1, found.length));
    } else if (event.key === "Enter") {
      event.preventDefault();
      choose(found[at]);
    }
  };
  return html`<${Dialog} title="Search and commands" onClose=${onClose}>
    <input type="search" class="palette-input" role="combobox" aria-label="Search pages, commands, datasets, evaluators" aria-expanded="true"
      aria-controls=${id} aria-activedescendant=${found[at] ? `${id}-${at}` : undefined} aria-autocomplete="list" placeholder="Search…" value=${asked}
      autocomplete="off" spellcheck=${false} autofocus onKeyDown=${onKey} onInput=${(/** @type {any} */ event) => (setAsked(event.target.value), setAt(0))} />
    <div ref=${list} class="palette-list" role="listbox" id=${id} aria-label="Found">
      ${found.map(
        (/** @type {any} */ command, place) => html`<div key=${command.kind + command.label} id=${`${id}-${place}`} class="palette-item" role="option"
          aria-selected=${place === at} onPointerMove=${() => place !== at && setAt(place)} onClick=${() => choose(command)}>
          <span class="grow cut">${command.label}</span><span class="muted small">${command.kind}</span>${command.key && html`<${Key} id=${command.key} />`}
        </div>`,
      )}
      ${found.length === 0 && html`<p class="muted palette-none">Nothing is called “${asked}”.</p>`}
    </div>
  </${Dialog}>`;
}
