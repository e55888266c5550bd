/** The rail of facets beside a list: another editor of the same filter text. */
import { html } from "../vendor/preact.js";
import { addTerm, removeTerm, valuesOf } from "../lib/query.js";
import { FacetGroup } from "./facet-group.js";

/** @typedef {{key: string, label: string, isClosedAtFirst?: boolean}} Facet `key` as the filter language writes it */

/**
 * @param {{facets: Facet[], text: string, counted?: string, onText: (text: string) => void, callOf: (key: string, text: string, limit: number) => import("../lib/api.js").Call | null,
 *   read: (answer: any, key: string) => {values: Array<{value: any, count: number}>, isExact: boolean}, isReady?: boolean, children?: any}} props
 *   `counted` is the text that the rows beside were asked by, where that is another for a moment; `callOf` gets it without the
 *   facet's own terms, so that its other values keep their counts; nothing is asked until `isReady`
 */
export function Facets({ facets, text, counted = text, onText, callOf, read, isReady = true, children }) {
  return html`<aside class="facets" aria-label="Facets">
    <h2 class="visually-hidden">Facets</h2>
    ${facets.map(({ key, label, isClosedAtFirst }) => {
      const { included, excluded } = valuesOf(text, key);
      /** @param {any} value @param {boolean} isExcluded */
      const toggle = (value, isExcluded) => {
        const is = (isExcluded ? excluded : included).has(String(value));
        onText(is ? removeTerm(text, key, value) : addTerm(text, key, value, { isExcluded }));
      };
      const others = removeTerm(counted, key);
      const isAsked = isReady && callOf(key, others, 1) !== null;
      return html`<${FacetGroup} key=${key} facetKey=${key} label=${label} isClosedAtFirst=${isClosedAtFirst} included=${included} excluded=${excluded} onToggle=${toggle}
        ask=${isAsked ? (/** @type {number} */ limit) => callOf(key, others, limit) : null} read=${(/** @type {any} */ answer) => read(answer, key)} />`;
    })}
    ${children}
  </aside>`;
}
