/** A part of a page that is fetched when it is first shown. */
import { html, useLayoutEffect, useState } from "../vendor/preact.js";
import { Problem } from "./problem.js";
import { Skeleton } from "./skeleton.js";

/**
 * @param {{load: () => Promise<Record<string, any>>, name?: string, isQuiet?: boolean, [prop: string]: any}} props `name` is
 *   the export to show, the default one without it; everything else is handed on to it
 */
export function LazyPart({ load, name = "default", isQuiet = false, ...props }) {
  const [part, setPart] = useState(/** @type {{Content: any} | null} */ (null));
  const [error, setError] = useState(/** @type {any} */ (null));
  const [turn, setTurn] = useState(0);
  // At once, so that what was fetched before is there with the next key.
  useLayoutEffect(() => {
    let isThere = true;
    setError(null);
    load().then(
      (module) => isThere && setPart({ Content: module[name] }),
      (caught) => isThere && setError(caught),
    );
    return () => {
      isThere = false;
    };
  }, [turn]);
  if (error) return html`<${Problem} error=${error} retry=${() => setTurn(turn + 1)} />`;
  if (part) return html`<${part.Content} ...${props} />`;
  return isQuiet ? null : html`<${Skeleton} lines=${6} />`;
}
