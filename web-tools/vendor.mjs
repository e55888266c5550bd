// Writes src/assay/web/static/vendor/*.js from the packages of package.json: `npm ci && node vendor.mjs`, then README.md's
// versions and sums. Nothing of this is needed to run or to change Assay's own pages.
import { build } from "esbuild";
import { createHash } from "node:crypto";
import { copyFileSync, readFileSync } from "node:fs";

const VENDOR = "../src/assay/web/static/vendor";

// One entry a file: what it offers, by its package.
const ENTRIES = {
  "preact.js": `
    export { h, render, Fragment, createContext } from "preact";
    export {
      useState, useEffect, useLayoutEffect, useRef, useMemo, useCallback, useId, useContext, useErrorBoundary, useReducer,
    } from "preact/hooks";
    export {
      signal, computed, effect, batch, untracked, useSignal, useComputed, useSignalEffect,
    } from "@preact/signals";
    import { h } from "preact";
    import htm from "htm";
    export const html = htm.bind(h);`,
  "codemirror.js": `
    export { Compartment, EditorState, Prec } from "@codemirror/state";
    export {
      Decoration, drawSelection, EditorView, highlightActiveLine, keymap, lineNumbers, MatchDecorator, placeholder, ViewPlugin,
    } from "@codemirror/view";
    export { defaultKeymap, history, historyKeymap, indentWithTab } from "@codemirror/commands";
    export { bracketMatching, HighlightStyle, indentOnInput, indentUnit, syntaxHighlighting } from "@codemirror/language";
    export { json, jsonParseLinter } from "@codemirror/lang-json";
    export { python } from "@codemirror/lang-python";
    export { autocompletion, closeBrackets, closeBracketsKeymap, completionKeymap } from "@codemirror/autocomplete";
    export { linter, lintKeymap } from "@codemirror/lint";
    export { tags } from "@lezer/highlight";`,
  "diff.js": `export { diffArrays, diffLines, diffWords, diffWordsWithSpace } from "diff";`,
};

for (const [file, contents] of Object.entries(ENTRIES)) {
  const outfile = `${VENDOR}/${file}`;
  await build({
    stdin: { contents, resolveDir: process.cwd() },
    outfile,
    bundle: true,
    format: "esm",
    target: "es2022",
    minify: true,
    legalComments: "inline",
    logLevel: "warning",
    // Packages as their own exports say, not as tsconfig.json finds their types.
    tsconfigRaw: {},
  });
  console.log(createHash("sha256").update(readFileSync(outfile)).digest("hex"), file);
}

copyFileSync("node_modules/@fontsource-variable/inter/files/inter-latin-wght-normal.woff2", `${VENDOR}/inter.woff2`);
