/** The text field of the filter bar: completions below it, mistakes underlined in it. */
import { html, useEffect, useId, useLayoutEffect, useMemo, useRef, useState } from "../vendor/preact.js";
import { formatInteger } from "../lib/format.js";
import { complete, completeKeys, completeValues, hintOf, placeAt } from "../lib/query-complete.js";
import { fieldsOf, resolveKey } from "../lib/query-fields.js";

/** @typedef {(field: string) => Promise<Array<{value: any, count: number | null}>>} Suggest observed values of a field, by the API's name of it */

/** Whether a list of values helps: of few numbers and of no text of its own length. @param {string} key @param {import("../lib/query-fields.js").Resolved | null} field */
function isCountable(key, field) {
  if (!field || key === "tag" || field.name === "id") return false;
  if (field.kind === "json") return field.name.startsWith("metadata.");
  return field.kind === "text" || field.name === "status_code";
}

/** The text again, invisible, with its mistakes underlined. @param {{text: string, problems: Array<{from: number, to: number}>, scroll: number}} props */
function Underlines({ text, problems, scroll }) {
  const layer = useRef(/** @type {HTMLElement | null} */ (null));
  useLayoutEffect(() => {
    if (layer.current) layer.current.scrollLeft = scroll;
  });
  const parts = [];
  let at = 0;
  for (const { from, to } of problems) {
    if (from < at) continue;
    parts.push(text.slice(at, from), html`<span class="filter-mistake">${text.slice(from, to)}</span>`);
    at = to;
  }
  return html`<div ref=${layer} class="filter-underlines" aria-hidden="true">${parts}${text.slice(at)}</div>`;
}

/**
 * Completions of what is typed; values are asked for when their key is.
 * @param {string} text @param {number | null} caret null while they are closed
 * @param {import("../lib/query-fields.js").NounFields} fields @param {Suggest | undefined} suggest @param {string[]} paths
 */
function useCompletions(text, caret, fields, suggest, paths) {
  const place = useMemo(() => (caret === null ? null : placeAt(text, caret)), [text, caret]);
  const [values, setValues] = useState(/** @type {{key: string, values: Array<{value: any, count: number | null}>}} */ ({ key: "", values: [] }));
  const key = place?.kind === "value" ? place.key : "";
  const field = key ? resolveKey(key, fields) : null;
  const kind = field?.kind;
  useEffect(() => {
    if (kind === "boolean") return setValues({ key, values: ["true", "false"].map((value) => ({ value, count: null }))});
    if (!field || !isCountable(key, field)) return undefined;
    let isCurrent = true;
    suggest?.(field.name).then((found) => isCurrent && setValues({ key, values: found }), () => undefined);
    return () => {
      isCurrent = false;
    };
  }, [key, kind]);
  if (!place) return { place, options: [], hint: "" };
  if (place.kind === "key") return { place, options: completeKeys(place, fields, paths), hint: "" };
  return { place, options: values.key === key ? completeValues(place, values.values) : [], hint: kind ? `${key} takes ${hintOf(kind)}` : "" };
}

/**
 * @param {{noun: string | import("../lib/query-fields.js").NounFields, text: string, problems: Array<{from: number, to: number}>, describedBy?: string,
 *   label: string, placeholder: string, suggest?: Suggest, paths?: string[], onText: (text: string) => void, onCommit: (text: string) => void,
 *   inputRef: {current: HTMLInputElement | null}}} props
 */
export function FilterInput({ noun, text, problems, describedBy, label, placeholder, suggest, paths = [], onText, onCommit, inputRef }) {
  const [caret, setCaret] = useState(/** @type {number | null} */ (null));
  const [chosen, setChosen] = useState(-1);
  const [scroll, setScroll] = useState(0);
  const wanted = useRef(/** @type {number | null} */ (null));
  const id = useId();
  const { place, options, hint } = useCompletions(text, caret, fieldsOf(noun), suggest, paths);
  const isOpen = caret !== null && (options.length > 0 || hint !== "");
  const active = chosen < options.length ? chosen : -1;
  useLayoutEffect(() => {
    if (wanted.current === null) return;
    inputRef.current?.setSelectionRange(wanted.current, wanted.current);
    wanted.current = null;
  }, [text]);
  /** @param {import("../lib/query-complete.js").Completion} option */
  const take = (option) => {
    if (!place) return;
    const next = complete(text, place, option);
    wanted.current = next.caret;
    setChosen(-1);
    setCaret(next.caret);
    if (option.isWhole) onCommit(next.text);
    else onText(next.text);
    inputRef.current?.focus();
  };
  /** @param {any} event */
  const follow = (event) => {
    setScroll(event.target.scrollLeft);
    if (caret !== null) setCaret(event.target.selectionStart);
  };
  /** @param {KeyboardEvent} event */
  const onKey = (event) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step !== undefined) {
      event.preventDefault();
      if (!isOpen) setCaret(/** @type {HTMLInputElement} */ (event.target).selectionStart);
      else if (options.length) setChosen(active < 0 && step < 0 ? options.length - 1 : (active + step + options.length) % options.length);
    } else if (event.key === "Enter") {
      event.preventDefault();
      if (active >= 0) take(options[active]);
      else (setCaret(null), onCommit(text));
    } else if (event.key === "Escape") {
      event.preventDefault();
      event.stopPropagation();
      if (isOpen) setCaret(null);
      else inputRef.current?.blur();
    }
  };
  return html`<div class="filter-field grow">
    <${Underlines} text=${text} problems=${problems} scroll=${scroll} />
    <input ref=${inputRef} type="text" class="filter-input" role="combobox" aria-label=${label} aria-expanded=${isOpen} aria-autocomplete="list"
      aria-controls=${isOpen ? id : undefined} aria-activedescendant=${active >= 0 ? `${id}-${active}` : undefined} aria-describedby=${describedBy}
      aria-invalid=${problems.length > 0 || undefined} autocomplete="off" autocapitalize="off" spellcheck=${false} placeholder=${placeholder} value=${text}
      onInput=${(/** @type {any} */ event) => (setChosen(-1), setCaret(event.target.selectionStart), onText(event.target.value), setScroll(event.target.scrollLeft))}
      onFocus=${(/** @type {any} */ event) => setCaret(event.target.selectionStart)} onBlur=${() => setCaret(null)}
      onKeyDown=${onKey} onKeyUp=${follow} onClick=${(/** @type {any} */ event) => setCaret(event.target.selectionStart)} onScroll=${follow} />
    ${isOpen &&
    html`<div class="filter-completions" onPointerDown=${(/** @type {Event} */ event) => event.preventDefault()}>
      <div role="listbox" id=${id} aria-label="Completions">
        ${options.map(
          (option, at) => html`<div key=${option.label} id=${`${id}-${at}`} class="filter-completion" role="option" aria-selected=${at === active}
            onClick=${() => take(option)} onPointerMove=${() => at !== active && setChosen(at)}>
            <span class="grow cut mono">${option.label}</span>
            <span class="muted small">${option.count === null ? option.detail : formatInteger(option.count)}</span>
          </div>`,
        )}
      </div>
      ${hint && html`<p class="filter-hint muted small">${hint}</p>`}
    </div>`}
  </div>`;
}
