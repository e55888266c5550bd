/** An editor for JSON, Python, prompts and plain text: a text field that becomes CodeMirror when that has come. */
import { html, useEffect, useRef, useState } from "../vendor/preact.js";

/**
 * @typedef {{from: number, to: number, message: string, severity?: "error" | "warning"}} Mistake places in the text
 * @typedef {{label: string, detail?: string}} Completion
 * @typedef {{value: string, onChange: (text: string) => void, language: "json" | "python" | "text" | "prompt", label: string,
 *   completions?: Completion[], errors?: Mistake[], onSubmit?: () => void, minLines?: number, maxLines?: number,
 *   isReadOnly?: boolean}} EditorProps in a prompt `completions` are the paths between {{ and }}, and others are underlined
 */

const LINE_PIXELS = 19;

/** @param {EditorProps} props */
export function CodeEditor(props) {
  const { value, onChange, language, label, onSubmit, minLines = 6, maxLines = 40, isReadOnly = false } = props;
  const place = useRef(/** @type {HTMLElement | null} */ (null));
  const field = useRef(/** @type {HTMLTextAreaElement | null} */ (null));
  const editor = useRef(/** @type {any} */ (null));
  const [state, setState] = useState(/** @type {"loading" | "ready" | "failed"} */ ("loading"));
  // The editor outlives a render: it calls what is current.
  const current = useRef(props);
  current.current = props;
  useEffect(() => {
    let isGone = false;
    import("./code-mirror.js").then(
      ({ makeEditor }) => {
        if (isGone || !place.current) return;
        const hadFocus = field.current !== null && document.activeElement === field.current;
        editor.current = makeEditor(place.current, current);
        setState("ready");
        if (hadFocus) editor.current.focus(field.current?.selectionStart);
      },
      // Without the editor a text field does.
      () => setState("failed"),
    );
    return () => {
      isGone = true;
      editor.current?.destroy();
      editor.current = null;
    };
  }, [language]);
  useEffect(() => editor.current?.setText(value), [value, state]);
  useEffect(() => editor.current?.refresh(), [props.completions, props.errors, isReadOnly, label, state]);
  const style = { "--editor-least": `${minLines * LINE_PIXELS + 10}px`, "--editor-most": `${maxLines * LINE_PIXELS + 10}px` };
  const isPlain = state !== "ready";
  return html`<div class=${`editor editor-${language}`} style=${style}>
    <div ref=${place} hidden=${isPlain}></div>
    ${isPlain &&
    html`<textarea ref=${field} class="editor-plain" aria-label=${label} rows=${minLines} spellcheck=${false} readonly=${isReadOnly} value=${value}
      onInput=${(/** @type {any} */ event) => onChange(event.target.value)}
      onKeyDown=${(/** @type {KeyboardEvent} */ event) => {
        if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey) || !onSubmit) return;
        event.preventDefault();
        onSubmit();
      }}></textarea>`}
    ${state === "ready" && language === "python" && html`<p class="visually-hidden">Tab indents; press Escape, then Tab to leave the editor.</p>`}
  </div>`;
}
