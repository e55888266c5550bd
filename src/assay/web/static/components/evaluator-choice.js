/** Evaluators to tick, found by name. */
import { html, useState } from "../vendor/preact.js";
import { Skeleton } from "./skeleton.js";

const SHOWN = 100;
/** What an evaluator is, in one word. @param {any} evaluator */
const kindOf = ({ is_builtin: isBuiltin, type }) => (isBuiltin ? "built in" : type === "llm" ? "LLM judge" : type === "human" ? "human" : "Python");

/** @param {{evaluators: any[] | null, chosen: string[], onChange: (slugs: string[]) => void}} props `evaluators` are null while they load */
export function EvaluatorChoice({ evaluators, chosen, onChange }) {
  const [search, setSearch] = useState("");
  const [first] = useState(chosen);
  const words = search.toLowerCase().split(/\s+/).filter(Boolean);
  const fits = (/** @type {any} */ each) => words.every((word) => `${each.name} ${each.evaluator_slug} ${kindOf(each)} ${each.description}`.toLowerCase().includes(word));
  // Those of the last run first, then people's own, then what is built in; ticking moves nothing.
  const rank = (/** @type {any} */ each) => (first.includes(each.evaluator_slug) ? 0 : each.is_builtin ? 2 : 1);
  const shown = (evaluators ?? []).filter(fits).sort((one, other) => rank(one) - rank(other) || one.name.localeCompare(other.name));
  const toggle = (/** @type {string} */ slug) => onChange(chosen.includes(slug) ? chosen.filter((each) => each !== slug) : [...chosen, slug]);
  return html`<div class="stack run-choice">
    <div class="row"><input class="grow" type="search" aria-label="Find evaluators" placeholder=${evaluators ? `Find among ${evaluators.length} evaluators` : "Find evaluators"} value=${search} onInput=${(/** @type {any} */ event) => setSearch(event.target.value)} />
      <span class="muted small nowrap">${chosen.length} chosen</span></div>
    <div class="run-list" role="group" aria-label="Evaluators">
      ${shown.slice(0, SHOWN).map(
        (each) => html`<label key=${each.id} class="run-evaluator" title=${each.description}>
          <input type="checkbox" checked=${chosen.includes(each.evaluator_slug)} onChange=${() => toggle(each.evaluator_slug)} />
          <span class="cut"><b>${each.name}</b> <span class="muted mono">${each.evaluator_slug}</span></span>
          <span class="chip">${kindOf(each)}</span><span class="muted small">v${each.version}</span>
        </label>`,
      )}
      ${evaluators === null && html`<${Skeleton} lines=${4} />`}
      ${evaluators && !shown.length && html`<p class="run-none muted">No evaluator is called that.</p>`}
    </div>
  </div>`;
}
