/** A part of a page whose modules are fetched when it is first shown. */
import { html, useEffect, useState } from "../../vendor/preact.js";
import { Problem } from "../../components/problem.js";
import { Skeleton } from "../../components/skeleton.js";

/** @param {{load: () => Promise<{default: any}>} & Record<string, any>} props the rest goes to the part */
export function Later({ load, ...props }) {
  const [loaded, setLoaded] = useState(/** @type {{Part: any} | null} */ (null));
  const [error, setError] = useState(/** @type {any} */ (null));
  const [turn, setTurn] = useState(0);
  useEffect(() => {
    let isCurrent = true;
    setError(null);
    load().then(
      (module) => isCurrent && setLoaded({ Part: module.default }),
      (caught) => isCurrent && setError(caught),
    );
    return () => {
      isCurrent = false;
    };
  }, [load, turn]);
  if (error) return html`<${Problem} error=${error} retry=${() => setTurn(turn + 1)} />`;
  return loaded ? html`<${loaded.Part} ...${props} />` : html`<${Skeleton} lines=${4} />`;
}
