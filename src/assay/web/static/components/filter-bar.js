/** The filter bar of a list: one language for every list, typed here or clicked elsewhere. */
import { html, useEffect, useId, useLayoutEffect, useMemo, useRef, useState } from "../vendor/preact.js";
import { useKeys } from "../lib/keys.js";
import { parseQuery, toFilters } from "../lib/query.js";
import { remembered } from "../lib/settings.js";
import { toast } from "../lib/toast.js";
import { copyText } from "./copy-button.js";
import { FilterInput } from "./filter-input.js";
import { Menu } from "./menu.js";

const TYPING_MILLISECONDS = 150;
const SETTLED_MILLISECONDS = 700;
const MOST_RECENT = 10;

/** @param {string} noun */
const recentOf = (noun) => remembered(`recent-filters.${noun}`, /** @type {string[]} */ ([]));

/** Whether the end of a text may yet become a key: its word alone finds something else. @param {import("../lib/query.js").Query} query */
function mayBecomeKey({ text, terms, fields }) {
  const last = terms[terms.length - 1];
  if (!last || last.kind !== "word" || last.to !== text.length || last.values[0].isQuoted) return false;
  const word = last.values[0].text.toLowerCase();
  return ["has", ...Object.keys(fields.kinds), ...Object.keys(fields.aliases)].some((key) => key.startsWith(word));
}

/** The body that other calls take: of a sampling, of a delete. @param {import("../lib/query.js").Query} query */
export function copyFilter(query) {
  const { filters, search } = toFilters(query);
  return copyText(JSON.stringify(search ? { filters, search } : { filters }, null, 2)).then(() => toast("Copied the API filter.", { kind: "good" }));
}

/**
 * @param {{noun: string | import("../lib/query-fields.js").NounFields, value: string, onChange: (text: string, options: {replace: boolean}) => void,
 *   suggest?: import("./filter-input.js").Suggest, paths?: string[], placeholder?: string, label?: string, error?: string,
 *   menu?: Array<import("./menu.js").MenuItem | null>}} props `value` is the filter that holds; `onChange` hears texts that can be sent, while they
 *   are typed and when they are finished, never one with a mistake; `replace`: it takes the place of the one before, as one step of the browser's
 *   history. `error` is what the server says of the filter
 */
export function FilterBar({ noun, value, onChange, suggest, paths, placeholder = "Filter: model:gpt-4o status:error “words”", label = "Filter", error, menu = [] }) {
  const [text, setText] = useState(value);
  const [isSettled, setIsSettled] = useState(true);
  const sent = useRef(value);
  /** Whether the newest step of the history is of words that are still typed. */
  const isTyped = useRef(false);
  const timers = useRef(/** @type {number[]} */ ([]));
  const input = useRef(/** @type {HTMLInputElement | null} */ (null));
  const tell = useRef(onChange);
  tell.current = onChange;
  const id = useId();
  const name = typeof noun === "string" ? noun : noun.noun;
  const query = useMemo(() => parseQuery(text, noun), [text, noun]);
  useKeys({ filter: () => (input.current?.focus(), input.current?.select()) });
  const forget = () => timers.current.splice(0).forEach(clearTimeout);
  useEffect(() => forget, []);
  // What comes from outside (a facet, the back button) takes the place of what was typed; our own words coming back do not.
  useLayoutEffect(() => {
    if (value === sent.current) return;
    forget();
    sent.current = value;
    isTyped.current = false;
    setText(value);
    setIsSettled(true);
  }, [value]);
  /** @param {string} next @param {boolean} isFinished */
  const send = (next, isFinished) => {
    const replace = isTyped.current;
    isTyped.current = !isFinished;
    sent.current = next.trim();
    tell.current(next.trim(), { replace });
  };
  /** @param {string} next */
  const type = (next) => {
    const typed = parseQuery(next, noun);
    setText(next);
    setIsSettled(false);
    forget();
    const change = () => !typed.problems.length && next.trim() !== sent.current && send(next, false);
    timers.current = [
      window.setTimeout(() => setIsSettled(true), SETTLED_MILLISECONDS),
      window.setTimeout(change, mayBecomeKey(typed) ? SETTLED_MILLISECONDS : TYPING_MILLISECONDS),
    ];
  };
  /** @param {string} next */
  const commit = (next) => {
    forget();
    setText(next);
    setIsSettled(true);
    if (parseQuery(next, noun).problems.length) return;
    const recent = recentOf(name);
    if (next.trim()) recent.value = [next.trim(), ...recent.peek().filter((each) => each !== next.trim())].slice(0, MOST_RECENT);
    send(next, true);
  };
  const problems = isSettled ? query.problems : [];
  const items = [
    { label: "Copy as API filter", isDisabled: query.problems.length > 0, run: () => copyFilter(query) },
    ...menu,
    ...(recentOf(name).value.length ? [null, ...recentOf(name).value.map((each) => ({ label: html`<span class="mono">${each}</span>`, hint: "recent", run: () => commit(each) }))] : []),
  ];
  return html`<div class="filter-bar" role="search">
    <div class="filter-box" onFocusOut=${() => (isTyped.current = false)}>
      <kbd class="filter-key" aria-hidden="true">/</kbd>
      <${FilterInput} noun=${noun} text=${text} problems=${problems} describedBy=${problems.length || error ? id : undefined} label=${label}
        placeholder=${placeholder} suggest=${suggest} paths=${paths} onText=${type} onCommit=${commit} inputRef=${input} />
      ${text && html`<button type="button" class="button button-quiet button-icon" aria-label="Clear the filter" onClick=${() => (commit(""), input.current?.focus())}>×</button>`}
      <${Menu} kind="icon" label="⋯" name="Filter menu" items=${items} />
    </div>
    <div id=${id} class="filter-problems" role="status" hidden=${problems.length === 0 && !error}>
      ${problems.slice(0, 3).map((problem) => html`<p key=${problem.from}><span class="mono">${text.slice(problem.from, problem.to)}</span> ${problem.message}</p>`)}
      ${problems.length === 0 && error && html`<p>${error}</p>`}
    </div>
  </div>`;
}
