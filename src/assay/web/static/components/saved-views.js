/** Saved views of a page: named addresses, one's own and those that others share. */
import { html, useState } from "../vendor/preact.js";
import { invalidate, request, useRequest } from "../lib/api.js";
import { toast, withUndo } from "../lib/toast.js";
import { navigate, where } from "../lib/url.js";
import { LazyPart } from "./lazy-part.js";
import { Menu } from "./menu.js";

/** @typedef {{id: string, name: string, query: string, is_shared: boolean, is_pinned: boolean, is_own: boolean}} View */

const PATH = "/api/views/";
/** What the address says besides the row that happens to be open. @param {URLSearchParams} params */
function queryOf(params) {
  const kept = new URLSearchParams(params);
  kept.delete("row");
  kept.sort();
  return kept.toString();
}

/** @param {View} view */
function remove(view) {
  withUndo({
    text: `Deleted the view “${view.name}”.`,
    run: (keepalive) => request("DELETE", `${PATH}${view.id}/`, { keepalive }).then(() => invalidate(PATH)),
    undo: () => undefined,
  });
}

/** @param {{page: string, subjectId?: string, isReady?: boolean}} props `page` is the API's name of it; nothing is asked until `isReady` */
export function SavedViews({ page, subjectId, isReady = true }) {
  const [isSaving, setIsSaving] = useState(false);
  const { data, error, retry } = useRequest(isReady ? { path: PATH, params: { page, subject_id: subjectId } } : null);
  const { path, params } = where.value;
  const query = queryOf(params);
  const views = /** @type {View[]} */ (data?.results ?? []);
  const current = views.find((view) => queryOf(new URLSearchParams(view.query)) === query);
  const save = (/** @type {any} */ changes) =>
    request("POST", PATH, { body: { page, query, ...(subjectId ? { subject_id: subjectId } : {}), ...changes } }).then(() => {
      invalidate(PATH);
      toast(`Saved the view “${changes.name}”.`, { kind: "good" });
    });
  const items = [
    ...views.map((view) => ({ label: `${view.is_pinned ? "★ " : ""}${view.name}`, hint: view.is_shared ? "shared" : undefined, isChecked: view === current, run: () => navigate(`${path}${view.query ? `?${view.query}` : ""}`) })),
    ...(views.length ? [null] : []),
    ...(error ? [{ label: `${error.message} Retry`, run: retry, keepsOpen: true }] : []),
    { label: "Save this view …", run: () => setIsSaving(true) },
    ...(current?.is_own ? [{ label: `Delete “${current.name}”`, isDanger: true, run: () => remove(current) }] : []),
  ];
  return html`<${Menu} label=${current ? current.name : "Views"} items=${items} />
    ${isSaving && html`<${LazyPart} load=${() => import("./save-view.js").then((module) => module.SaveView)}
      call=${{ method: "POST", path: PATH, body: { page, query } }} save=${save} taken=${views.map((view) => view.name)} onClose=${() => setIsSaving(false)} />`}`;
}
