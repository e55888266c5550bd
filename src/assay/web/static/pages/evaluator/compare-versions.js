/** What two versions of an evaluator differ in. */
import { html, useState } from "../../vendor/preact.js";
import { Dialog } from "../../components/dialog.js";
import { Field } from "../../components/field.js";
import { LazyPart } from "../../components/lazy-part.js";
import { fieldsOf } from "./fields.js";
import { versionName } from "./versions.js";

const diffView = () => import("../../components/diff-view.js").then((module) => module.DiffView);

/**
 * @param {{versions: any[], edited: Record<string, any> | null, onClose: () => void}} props `edited` are the fields with unsaved changes
 */
export function CompareVersions({ versions, edited, onClose }) {
  const sides = [...(edited ? [{ id: "edited", label: "as edited here", fields: edited }] : []),
    ...versions.map((version) => ({ id: String(version.version), label: versionName(version), fields: fieldsOf(version) }))];
  const [to, setTo] = useState(sides[0].id);
  const [from, setFrom] = useState(sides[1]?.id ?? sides[0].id);
  const side = (/** @type {string} */ id) => sides.find((each) => each.id === id) ?? sides[0];
  const choice = (/** @type {string} */ label, /** @type {string} */ value, /** @type {(id: string) => void} */ set) => html`<${Field} label=${label} isInline>
    ${(/** @type {any} */ field) => html`<select ...${field} value=${value} onChange=${(/** @type {any} */ event) => set(event.target.value)}>
      ${sides.map((each) => html`<option key=${each.id} value=${each.id}>${each.label}</option>`)}</select>`}
  </${Field}>`;
  return html`<${Dialog} title="Compare versions" size="large" onClose=${onClose}>
    <div class="evaluator-line">${choice("From", from, setFrom)}${choice("To", to, setTo)}</div>
    <${LazyPart} load=${diffView} key=${`${from}-${to}`}
      before=${side(from).fields} after=${side(to).fields} mode="json" beforeName=${side(from).label} afterName=${side(to).label} />
  </${Dialog}>`;
}
