/** One facet: the commonest values of a field with their counts, to click. */
import { html, useState } from "../vendor/preact.js";
import { useRequest } from "../lib/api.js";
import { formatCompact, formatInteger } from "../lib/format.js";
import { remembered } from "../lib/settings.js";
import { Problem } from "./problem.js";
import { Skeleton } from "./skeleton.js";

const STEPS = [6, 20, 100, 200];

/**
 * @param {{value: any, count: number | null, most: number, isIncluded: boolean, isExcluded: boolean, onToggle: (isExcluded: boolean) => void}} props
 */
function FacetValue({ value, count, most, isIncluded, isExcluded, onToggle }) {
  const text = String(value);
  return html`<li class=${`facet-value ${isExcluded ? "facet-excluded" : ""}`}>
    <label class="facet-label" title=${`${text}${count === null ? "" : `: ${formatInteger(count)}`} (Alt-click excludes)`}
      onClick=${(/** @type {MouseEvent} */ event) => event.altKey && (event.preventDefault(), onToggle(true))}>
      <input type="checkbox" checked=${isIncluded} aria-label=${`${text}${count === null ? "" : `, ${formatInteger(count)}`}${isExcluded ? ", excluded" : ""}`}
        onChange=${() => onToggle(false)} />
      <span class="facet-text cut">${text === "" ? "(empty)" : text}</span>
      <span class="facet-count muted">${count === null ? "" : formatCompact(count)}</span>
      <span class="facet-bar" aria-hidden="true"><span style=${{ width: `${most && count ? Math.max(1, (100 * count) / most) : 0}%` }}></span></span>
    </label>
    <button type="button" class="facet-exclude" aria-pressed=${isExcluded} aria-label=${`Exclude ${text}`} title="Exclude" onClick=${() => onToggle(true)}>−</button>
  </li>`;
}

/**
 * @param {{facetKey: string, label: string, ask: ((limit: number) => import("../lib/api.js").Call) | null, read: (answer: any) => {values: Array<{value: any, count: number}>, isExact: boolean},
 *   included: Set<string>, excluded: Set<string>, onToggle: (value: any, isExcluded: boolean) => void, isClosedAtFirst?: boolean}} props `ask` is null
 *   until rows are there; nothing is asked while the group is closed
 */
export function FacetGroup({ facetKey, label, ask, read, included, excluded, onToggle, isClosedAtFirst = false }) {
  // Those that were opened or closed against how they are at first.
  const turned = remembered("turned-facets", /** @type {string[]} */ ([]));
  const isTurned = turned.value.includes(facetKey);
  const isOpen = isTurned === isClosedAtFirst || included.size + excluded.size > 0;
  const [step, setStep] = useState(0);
  const { data, error, isLoading, retry } = useRequest(isOpen && ask ? ask(STEPS[step] + 1) : null);
  const toggleOpen = () => (turned.value = isTurned ? turned.peek().filter((each) => each !== facetKey) : [...turned.peek(), facetKey]);
  const found = data ? read(data) : null;
  const shown = (found?.values ?? []).slice(0, STEPS[step]);
  const missing = [...included, ...excluded].filter((text) => !shown.some((each) => String(each.value) === text));
  const most = Math.max(0, ...shown.map((each) => each.count));
  const all = [...missing.map((value) => ({ value, count: /** @type {number | null} */ (null) })), ...shown];
  return html`<section class="facet-group" aria-label=${label}>
    <h3 class="facet-head"><button type="button" class="facet-fold" aria-expanded=${isOpen} onClick=${toggleOpen}>
      <span aria-hidden="true">${isOpen ? "▾" : "▸"}</span> ${label}</button></h3>
    ${isOpen && error && html`<${Problem} error=${error} retry=${retry} isInline />`}
    ${isOpen && !error && !data && html`<${Skeleton} lines=${3} label=${`Loading ${label}`} />`}
    ${isOpen && data && html`<ul class=${`facet-values ${isLoading ? "facet-loading" : ""}`}>
      ${all.map((each) => html`<${FacetValue} key=${String(each.value)} ...${each} most=${most} isIncluded=${included.has(String(each.value))}
        isExcluded=${excluded.has(String(each.value))} onToggle=${(/** @type {boolean} */ isExcluded) => onToggle(each.value, isExcluded)} />`)}
    </ul>
    ${all.length === 0 && html`<p class="facet-none muted small">None here</p>`}
    ${found && !found.isExact && html`<p class="facet-none muted small">Of the newest logs</p>`}
    <div class="row">
      ${found && found.values.length > STEPS[step] && step < STEPS.length - 1 && html`<button type="button" class="facet-more" onClick=${() => setStep(step + 1)}>Show more</button>`}
      ${step > 0 && html`<button type="button" class="facet-more" onClick=${() => setStep(0)}>Show fewer</button>`}
    </div>`}
  </section>`;
}
