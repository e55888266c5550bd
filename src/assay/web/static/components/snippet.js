/** An API call as text to copy. */
import { html, useState } from "../vendor/preact.js";
import { asCurl, asPython } from "../lib/api.js";
import { CopyButton } from "./copy-button.js";

/** @param {{call?: import("../lib/api.js").Call, texts?: Record<string, string>}} props a call, or texts by the name of their tab */
export function Snippet({ call, texts }) {
  const all = texts ?? (call ? { curl: asCurl(call), Python: asPython(call) } : {});
  const names = Object.keys(all);
  const [chosen, setChosen] = useState(names[0]);
  const name = names.includes(chosen) ? chosen : names[0];
  return html`<figure class="snippet">
    <figcaption class="row">
      <span class="grow row" role="group" aria-label="Language">
        ${names.map(
          (each) => html`<button key=${each} type="button" class="snippet-tab" aria-pressed=${each === name} onClick=${() => setChosen(each)}>${each}</button>`,
        )}
      </span>
      <${CopyButton} text=${() => all[name]} />
    </figcaption>
    <pre class="snippet-text" tabindex="0" role="region" aria-label=${`${name} code`}>${all[name]}</pre>
  </figure>`;
}
