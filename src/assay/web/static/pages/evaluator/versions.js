/** The versions of an evaluator, in a menu. */
import { html } from "../../vendor/preact.js";
import { Menu } from "../../components/menu.js";
import { useRequest } from "../../lib/api.js";
import { formatAgo } from "../../lib/format.js";
import { setParams } from "../../lib/url.js";

/** @param {any} version */
export const versionName = (version) => (version.is_read_only ? `v${version.version}` : `v${version.version} · draft`);

/** @param {string} id */
export const useVersions = (id) => useRequest({ path: `/api/evaluators/${id}/versions/`, params: { page_size: 100 } });

/**
 * @param {{evaluator: any, shown: any, versions: any[], onCompare: () => void}} props `shown` is the version on the page
 */
export function VersionMenu({ evaluator, shown, versions, onCompare }) {
  const items = versions.map((version) => ({
    label: `${versionName(version)}${version.version_description ? ` · ${version.version_description.slice(0, 60)}` : ""}`,
    hint: formatAgo(version.created_at),
    isChecked: version.version === shown.version,
    run: () => setParams({ v: version.version === evaluator.version ? null : version.version }),
  }));
  return html`<${Menu} kind="quiet" label=${versionName(shown)} name=${`Version: ${versionName(shown)}`}
    items=${[...items, versions.length > 1 ? null : false, versions.length > 1 && { label: "Compare two versions…", run: onCompare }]} />`;
}
