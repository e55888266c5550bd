/** CodeMirror as Assay sets it up: its languages, its look by the tokens, completions and mistakes. Loaded late. */
import {
  Compartment, EditorState, EditorView, HighlightStyle, Prec, autocompletion, bracketMatching, closeBrackets, closeBracketsKeymap,
  completionKeymap, defaultKeymap, drawSelection, highlightActiveLine, history, historyKeymap, indentOnInput, indentUnit,
  indentWithTab, json, jsonParseLinter, keymap, lineNumbers, lintKeymap, linter, python, syntaxHighlighting, tags,
} from "../vendor/codemirror.js";
import { completePath, placeholderMarks, unknownPaths } from "./prompt-language.js";

/** @typedef {import("./code-editor.js").EditorProps} EditorProps */

// The colours are those of styles/editor.css, by class.
const highlighting = HighlightStyle.define([
  { tag: [tags.keyword, tags.operatorKeyword, tags.controlKeyword, tags.definitionKeyword, tags.moduleKeyword], class: "editor-keyword" },
  { tag: [tags.string, tags.special(tags.string)], class: "editor-string" },
  { tag: [tags.number, tags.bool, tags.null], class: "editor-number" },
  { tag: [tags.comment], class: "editor-comment" },
  { tag: [tags.propertyName, tags.function(tags.variableName), tags.className], class: "editor-name" },
]);

// Here, because CodeMirror's own rules stand in no layer and would win over the style sheet's.
const look = EditorView.theme({
  "&": { maxHeight: "var(--editor-most)", background: "transparent", color: "var(--text)" },
  "&.cm-focused": { outline: "none" },
  ".cm-scroller": { minHeight: "var(--editor-least)", overflow: "auto", font: "var(--size-small)/19px var(--mono)" },
  ".cm-content": { padding: "5px 0", caretColor: "var(--text)" },
  ".cm-line": { padding: "0 8px" },
  ".cm-gutters": { border: "0", background: "transparent", color: "var(--muted)" },
  ".cm-activeLine, .cm-activeLineGutter": { background: "transparent" },
  "&.cm-focused .cm-activeLine, &.cm-focused .cm-activeLineGutter": { background: "color-mix(in srgb, var(--hover) 60%, transparent)" },
  "&.cm-focused .cm-cursor": { borderLeftColor: "var(--text)" },
  "& .cm-selectionBackground, &.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground": { background: "var(--accent-tint)" },
  "&.cm-focused .cm-matchingBracket": { background: "var(--accent-tint)", color: "inherit" },
  "&.cm-focused .cm-nonmatchingBracket": { background: "var(--bad-tint)", color: "inherit" },
  ".cm-tooltip": { border: "1px solid var(--line)", borderRadius: "var(--radius)", background: "var(--raised)", color: "var(--text)", boxShadow: "var(--overlay)" },
  ".cm-tooltip.cm-tooltip-autocomplete > ul": { font: "var(--size-small)/1.5 var(--mono)" },
  ".cm-tooltip.cm-tooltip-autocomplete > ul > li": { padding: "2px 8px" },
  ".cm-tooltip.cm-tooltip-autocomplete > ul > li[aria-selected]": { background: "var(--accent-tint)", color: "var(--text)" },
  ".cm-completionDetail": { color: "var(--muted)", fontFamily: "var(--sans)", fontStyle: "normal" },
  ".cm-diagnostic": { padding: "4px 8px", font: "var(--size-small)/1.45 var(--sans)" },
  ".cm-diagnostic-error": { borderLeftColor: "var(--bad)" },
  ".cm-diagnostic-warning": { borderLeftColor: "var(--warn)" },
  ".cm-lintRange": { backgroundImage: "none", textDecoration: "underline wavy var(--bad)", textUnderlineOffset: "3px" },
  ".cm-lintRange-warning": { backgroundImage: "none", textDecoration: "underline wavy var(--warn)", textUnderlineOffset: "3px" },
});
// Prompts are read, code is counted.
const reading = EditorView.theme({ ".cm-scroller": { font: "var(--size)/20px var(--sans)" } });

/** @param {any} view @param {EditorProps} props */
const mistakes = (view, { errors = [], completions, language }) => {
  const length = view.state.doc.length;
  const given = errors.map((error) => ({
    severity: "error",
    ...error,
    from: Math.min(error.from, length),
    to: Math.min(Math.max(error.to, error.from), length),
  }));
  return language === "prompt" && completions ? [...given, ...unknownPaths(view.state.doc.toString(), completions)] : given;
};

/**
 * An editor at a place of the page.
 * @param {HTMLElement} parent
 * @param {{current: EditorProps}} props what is current at any time
 */
export function makeEditor(parent, props) {
  const changing = new Compartment();
  const { language, value } = props.current;
  const submit = () => {
    props.current.onSubmit?.();
    return props.current.onSubmit !== undefined;
  };
  const settings = () => [
    EditorView.contentAttributes.of({ "aria-label": props.current.label }),
    EditorState.readOnly.of(props.current.isReadOnly === true),
    EditorView.editable.of(props.current.isReadOnly !== true),
    // Made anew, so that what it underlines is.
    linter((view) => mistakes(view, props.current), { delay: 250 }),
  ];
  /** Texts that were said to the page and have not come back yet: they are no news. @type {string[]} */
  const said = [];
  let isOurs = false;
  const nonce = document.querySelector('meta[name="assay-nonce"]')?.getAttribute("content");
  const view = new EditorView({
    parent,
    state: EditorState.create({
      doc: value,
      extensions: [
        nonce ? EditorView.cspNonce.of(nonce) : [],
        Prec.highest(keymap.of([{ key: "Mod-Enter", run: submit, stopPropagation: true }])),
        history(),
        drawSelection(),
        highlightActiveLine(),
        EditorView.lineWrapping,
        EditorView.updateListener.of((update) => {
          if (!update.docChanged || isOurs) return;
          said.push(update.state.doc.toString());
          props.current.onChange(said[said.length - 1]);
        }),
        // What comes first wins.
        language === "prompt" || language === "text" ? reading : [],
        look,
        syntaxHighlighting(highlighting),
        ofLanguage(language, props),
        keymap.of([...completionKeymap, ...closeBracketsKeymap, ...historyKeymap, ...lintKeymap, ...defaultKeymap]),
        changing.of(settings()),
      ],
    }),
  });
  return {
    /** @param {string} text */
    setText(text) {
      const echo = said.indexOf(text);
      if (echo >= 0) said.splice(0, echo + 1);
      if (echo >= 0 || text === view.state.doc.toString()) return;
      said.length = 0;
      isOurs = true;
      view.dispatch({ changes: { from: 0, to: view.state.doc.length, insert: text } });
      isOurs = false;
    },
    refresh: () => view.dispatch({ effects: changing.reconfigure(settings()) }),
    /** @param {number} [at] */
    focus(at = 0) {
      view.focus();
      view.dispatch({ selection: { anchor: Math.min(at, view.state.doc.length) } });
    },
    destroy: () => view.destroy(),
  };
}

/** @param {EditorProps["language"]} language @param {{current: EditorProps}} props */
function ofLanguage(language, props) {
  const code = [lineNumbers(), bracketMatching(), closeBrackets(), indentOnInput()];
  if (language === "json") {
    const parse = jsonParseLinter();
    return [...code, json(), indentUnit.of("  "), linter((view) => (view.state.doc.toString().trim() ? parse(view) : []), { delay: 300 })];
  }
  if (language === "python") return [...code, python(), autocompletion(), indentUnit.of("    "), keymap.of([indentWithTab])];
  if (language === "prompt") {
    return [placeholderMarks, autocompletion({ override: [(context) => completePath(context, props.current.completions ?? [])], icons: false })];
  }
  return [];
}
