/** A part of a page whose module is fetched when it is first shown. */
import { html, useLayoutEffect, useState } from "../vendor/preact.js";
import { whyMissing } from "../lib/modules.js";
import { toast } from "../lib/toast.js";
import { Problem } from "./problem.js";
import { Skeleton } from "./skeleton.js";

const reload = () => location.reload();

/**
 * What cannot be fetched is closed with a toast where it can be closed, and says so in its place where it cannot.
 * @param {{load: () => Promise<any>, hasSkeleton?: boolean, onClose?: () => void, [prop: string]: any}} props `load` answers
 *   the component, which gets all the rest
 */
export function LazyPart({ load, hasSkeleton = false, ...props }) {
  const [Content, setContent] = useState(/** @type {any} */ (null));
  const [missing, setMissing] = useState(/** @type {{error: Error, isOutdated: boolean} | null} */ (null));
  const [turn, setTurn] = useState(0);
  // At once, so that what was fetched before is there with the next key.
  useLayoutEffect(() => {
    let isThere = true;
    setMissing(null);
    load().then(
      (component) => isThere && setContent(() => component),
      async (caught) => {
        const why = await whyMissing(caught);
        if (!isThere) return;
        if (!props.onClose) return setMissing(why);
        toast(why.error.message, { kind: "bad", action: why.isOutdated ? { label: "Reload", run: reload } : undefined });
        props.onClose();
      },
    );
    return () => {
      isThere = false;
    };
  }, [turn]);
  if (missing) return html`<${Problem} error=${missing.error} retry=${missing.isOutdated ? reload : () => setTurn(turn + 1)} />`;
  if (Content) return html`<${Content} ...${props} />`;
  return hasSkeleton ? html`<${Skeleton} lines=${6} />` : null;
}
