/** What a prompt has beside its words: {{paths}} that are marked, completed, and underlined where nothing is there. */
import { Decoration, MatchDecorator, ViewPlugin } from "../vendor/codemirror.js";

/** @typedef {import("./code-editor.js").Completion} Completion */

const PLACEHOLDER = /\{\{\s*([^{}\s]*)\s*\}\}/g;

const marks = new MatchDecorator({ regexp: PLACEHOLDER, decoration: Decoration.mark({ class: "editor-placeholder" }) });

/** Colours {{paths}}. */
export const placeholderMarks = ViewPlugin.define(
  (view) => ({
    decorations: marks.createDeco(view),
    /** @param {any} update */
    update(update) {
      this.decorations = marks.updateDeco(update, this.decorations);
    },
  }),
  { decorations: (plugin) => plugin.decorations },
);

/**
 * The paths after {{.
 * @param {any} context of CodeMirror's autocompletion
 * @param {Completion[]} completions
 */
export function completePath(context, completions) {
  const typed = context.matchBefore(/\{\{\s*[^{}\s]*/);
  if (!typed) return null;
  const from = typed.from + (/^\{\{\s*/.exec(typed.text)?.[0].length ?? 2);
  const after = context.state.sliceDoc(context.pos, context.pos + 2);
  return {
    from,
    validFor: /^[^{}\s]*$/,
    options: completions.map(({ label, detail }) => ({
      label,
      detail,
      type: "variable",
      apply: after === "}}" ? label : `${label}}}`,
    })),
  };
}

/**
 * The paths of a prompt that no value has.
 * @param {string} text
 * @param {Completion[]} completions the paths that are there
 */
export function unknownPaths(text, completions) {
  const known = new Set(completions.map((completion) => completion.label));
  const found = [];
  for (const match of text.matchAll(PLACEHOLDER)) {
    const path = match[1];
    if (known.has(path)) continue;
    const from = match.index;
    const message = path ? `No row of the sample has "${path}". It stays empty there.` : "Name what goes here, such as {{input}}.";
    found.push({ from, to: from + match[0].length, severity: "warning", message });
  }
  return found;
}
