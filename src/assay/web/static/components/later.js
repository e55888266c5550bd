/** A component whose module is fetched when it is first shown. */
import { html, useLayoutEffect, useState } from "../vendor/preact.js";
import { toast } from "../lib/toast.js";

/** @param {{load: () => Promise<any>, props: Record<string, any>, onFail?: () => void}} props `load` answers the component */
export function Later({ load, props, onFail }) {
  const [Content, setContent] = useState(/** @type {any} */ (null));
  // At once, so that what was fetched before is there with the next key.
  useLayoutEffect(() => {
    load().then(
      (component) => setContent(() => component),
      (error) => {
        toast(error.message, { kind: "bad" });
        onFail?.();
      },
    );
  }, []);
  return Content ? html`<${Content} ...${props} />` : null;
}
