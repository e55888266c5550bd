/** Columns of a file led onto the parts of a row: dragged between lanes, or chosen by a select. */
import { html, useState } from "../vendor/preact.js";
import { ROLES, keysWithin, split, valueAt } from "../lib/import-mapping.js";
import { previewOf } from "../lib/preview.js";

/**
 * @param {{columns: import("../lib/import-mapping.js").Column[], records: import("../lib/import-file.js").HeadRecord[],
 *   onChange: (columns: import("../lib/import-mapping.js").Column[]) => void}} props
 */
export function ImportColumns({ columns, records, onChange }) {
  const [over, setOver] = useState("");
  const [held, setHeld] = useState("");
  /** @param {string} path @param {any} role */
  const move = (path, role) => onChange(columns.map((column) => (column.path === path ? { ...column, role } : column)));
  return html`<div class="import-lanes" role="group" aria-label="Columns">
    ${ROLES.map(({ role, label, hint }) => {
      const inside = columns.filter((column) => column.role === role);
      return html`<section key=${role} class=${`import-lane ${over === role ? "import-lane-over" : ""}`} aria-label=${label}
        onDragOver=${(/** @type {DragEvent} */ event) => held && (event.preventDefault(), setOver(role))}
        onDragLeave=${() => setOver("")}
        onDrop=${(/** @type {DragEvent} */ event) => (event.preventDefault(), setOver(""), held && move(held, role))}>
        <h3>${label}</h3><p class="muted small">${hint}</p>
        ${inside.map((column) => html`<${ColumnChip} key=${column.path} column=${column} records=${records} onRole=${(/** @type {string} */ next) => move(column.path, next)}
          onSplit=${(/** @type {string[]} */ keys) => onChange(split(columns, column.path, keys))} onHold=${setHeld} />`)}
        ${!inside.length && html`<p class="import-none muted small">${role === "input" ? "a row needs one" : "–"}</p>`}
      </section>`;
    })}
  </div>`;
}

/** @param {{column: import("../lib/import-mapping.js").Column, records: import("../lib/import-file.js").HeadRecord[], onRole: (role: string) => void, onSplit: (keys: string[]) => void, onHold: (path: string) => void}} props */
function ColumnChip({ column, records, onRole, onSplit, onHold }) {
  const sample = records.map(({ value, problem }) => (problem ? undefined : valueAt(value, column.path).value)).find((value) => value !== undefined && value !== "");
  const keys = keysWithin(column.path, records);
  return html`<div class="import-column" draggable="true"
    onDragStart=${(/** @type {DragEvent} */ event) => (event.dataTransfer?.setData("text/plain", column.path), onHold(column.path))} onDragEnd=${() => onHold("")}>
    <p class="mono cut" title=${column.path}><span class="import-grip" aria-hidden="true">⠿</span> ${column.path}</p>
    <p class="muted small cut">${previewOf(sample, 80) || "–"}</p>
    <div class="row">
      <select class="import-role" aria-label=${`${column.path} becomes`} value=${column.role} onChange=${(/** @type {any} */ event) => onRole(event.target.value)}>
        ${ROLES.map(({ role, label }) => html`<option key=${role} value=${role}>${label}</option>`)}
      </select>
      ${keys.length > 0 && html`<button type="button" class="button button-quiet" title=${`Into ${keys.join(", ")}`} aria-label=${`Split ${column.path} into its keys`} onClick=${() => onSplit(keys)}>Split</button>`}
    </div>
  </div>`;
}
