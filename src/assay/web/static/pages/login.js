/** Signing in: by the one-time link that the server printed, else with an API key. */
import { html, useEffect, useRef, useState } from "../vendor/preact.js";
import { Button } from "../components/button.js";
import { Field } from "../components/field.js";
import { Skeleton } from "../components/skeleton.js";
import { request } from "../lib/api.js";
import { BASE, where } from "../lib/url.js";

/** The page to go to afterwards: one of ours, whatever the address says. */
function target() {
  const home = `${BASE}/ui/`;
  const next = where.peek().params.get("next") ?? "";
  if (!next.startsWith("/")) return home;
  const url = new URL(next, location.origin);
  const isOurs = url.origin === location.origin && url.pathname.startsWith(home) && !url.pathname.startsWith(`${home}login`);
  return isOurs ? url.pathname + url.search + url.hash : home;
}

/** @param {Record<string, string>} proof a key or a token @returns {Promise<string>} what is wrong, "" when signed in */
async function signIn(proof) {
  try {
    await request("POST", "/ui/session/", { body: proof });
    return "";
  } catch (error) {
    return /** @type {Error} */ (error).message;
  }
}

/** Whether this browser is signed in already: the link was opened for the second time. */
async function isSignedIn() {
  try {
    await request("GET", "/ui/session/");
    return true;
  } catch {
    return false;
  }
}

/** The token of a one-time link, taken out of the address so that it stays in no history. */
function takeToken() {
  const token = location.hash.slice(1);
  if (token) history.replaceState({}, "", location.pathname + location.search);
  return token;
}

/** The sign-in page. */
export default function Login() {
  const [token] = useState(takeToken);
  const [isOpening, setIsOpening] = useState(token !== "");
  const [linkProblem, setLinkProblem] = useState("");
  useEffect(() => {
    document.title = "Sign in · Assay";
    if (!token) return;
    signIn({ token }).then(async (problem) => {
      if (!problem || (await isSignedIn())) return location.replace(target());
      setLinkProblem(problem);
      setIsOpening(false);
    });
  }, []);
  return html`<main class="login">
    <div class="login-card">
      <p class="login-name">Assay</p>
      <h1>Sign in</h1>
      ${linkProblem && html`<p class="login-problem" role="alert">${linkProblem}</p>`}
      ${isOpening ? html`<${Skeleton} lines=${3} /><p class="visually-hidden" role="status">Signing in…</p>` : html`<${KeyForm} /><${WhereIsMyKey} />`}
    </div>
  </main>`;
}

/** The form that takes a key. */
function KeyForm() {
  const [key, setKey] = useState("");
  const [problem, setProblem] = useState("");
  const [isBusy, setIsBusy] = useState(false);
  const input = useRef(/** @type {HTMLInputElement | null} */ (null));
  useEffect(() => input.current?.focus(), []);
  /** @param {Event} event */
  const submit = async (event) => {
    event.preventDefault();
    const text = key.trim();
    setIsBusy(true);
    const found = text ? await signIn({ key: text }) : "Enter a key.";
    if (!found) return location.replace(target());
    setProblem(found);
    setIsBusy(false);
    input.current?.focus();
  };
  // Password managers want a name to keep a key under.
  return html`<form class="stack" onSubmit=${submit}>
    <input class="visually-hidden" type="text" name="username" value="Assay" autocomplete="username" readonly tabindex=${-1} aria-hidden="true" />
    <${Field} label="API key" error=${problem}>
      ${(/** @type {any} */ field) =>
        html`<input ...${field} ref=${input} type="password" name="key" autocomplete="current-password" spellcheck=${false}
          value=${key} onInput=${(/** @type {any} */ event) => setKey(event.currentTarget.value)} />`}
    </${Field}>
    <${Button} kind="primary" type="submit" isBusy=${isBusy}>Sign in</${Button}>
  </form>`;
}

function WhereIsMyKey() {
  return html`<details class="login-help">
    <summary>Where do I find my key?</summary>
    <ul>
      <li>You may not need one: <code>assay serve</code> prints a link at every start that signs a browser in, once, within an hour. Restart the server for a new one.</li>
      <li>The very first start printed a key. Where <code>ASSAY_API_KEY</code> is set for the server, that is a key.</li>
      <li>Keys are shown once, when they are made. Somebody who is signed in with an admin key makes you one under Settings, Keys, or with <code>assay keys create</code>.</li>
    </ul>
  </details>`;
}
