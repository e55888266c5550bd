/** Taking what a list shows elsewhere: as a file, as a call, as a filter. */
import { html, useState } from "../vendor/preact.js";
import { asCurl, asPython } from "../lib/api.js";
import { toast } from "../lib/toast.js";
import { copyText } from "./copy-button.js";
import { copyFilter } from "./filter-bar.js";
import { LazyPart } from "./lazy-part.js";
import { Menu } from "./menu.js";

/** @typedef {"csv" | "jsonl"} Format */

/**
 * @param {{call: import("../lib/api.js").Call, name: string, noun?: string, total?: number | null, hasCursor?: boolean, links?: Partial<Record<Format | "parquet", string>>,
 *   query?: import("../lib/query.js").Query | null}} props `call` lists the rows (without a page); `name` is that of the file, without an ending; `links` are the API's own
 *   exports, by format, used instead of paging
 */
export function ExportMenu({ call, name, noun = "row", total = null, hasCursor = false, links = {}, query = null }) {
  const [format, setFormat] = useState(/** @type {Format | null} */ (null));
  /** @param {string} text @param {string} what */
  const copy = (text, what) => copyText(text).then(() => toast(`Copied ${what}.`, { kind: "good" }));
  /** @param {Format} each */
  const file = (each) => ({ label: each.toUpperCase(), hint: "file", href: links[each], run: links[each] ? undefined : () => setFormat(each) });
  const items = [
    file("csv"),
    file("jsonl"),
    ...(links.parquet ? [{ label: "Parquet", hint: "file", href: links.parquet }] : []),
    null,
    { label: "As Python", hint: "copy", run: () => copy(asPython(call), "the Python script") },
    { label: "As curl", hint: "copy", run: () => copy(asCurl(call), "the curl command") },
    ...(query ? [{ label: "API filter", hint: "copy", isDisabled: query.problems.length > 0, run: () => copyFilter(query) }] : []),
  ];
  return html`<${Menu} label="Export" items=${items} />
    ${format && html`<${LazyPart} load=${() => import("./export-dialog.js").then((module) => module.ExportDialog)}
      format=${format} call=${call} name=${name} noun=${noun} total=${total} hasCursor=${hasCursor} onClose=${() => setFormat(null)} />`}`;
}
