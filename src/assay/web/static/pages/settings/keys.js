/** API keys: what they may do, when they were used, making and revoking them. */
import { html, useState } from "../../vendor/preact.js";
import { Button } from "../../components/button.js";
import { Confirm } from "../../components/confirm.js";
import { Problem } from "../../components/problem.js";
import { Skeleton } from "../../components/skeleton.js";
import { Time } from "../../components/time.js";
import { invalidate, request, useRequest } from "../../lib/api.js";
import { toast } from "../../lib/toast.js";
import { NewKeyDialog } from "./new-key-dialog.js";

const PATH = "/api/keys/";

export default function Keys() {
  const { data, error, retry } = useRequest({ path: `${PATH}list/`, params: { page_size: 500 } });
  const [isMaking, setIsMaking] = useState(false);
  const [doomed, setDoomed] = useState(/** @type {any} */ (null));
  if (error?.status === 403) return html`<p class="muted">You are signed in with a key that may not manage keys: it needs the scope admin.</p>`;
  if (error && !data) return html`<${Problem} error=${error} retry=${retry} />`;
  if (!data) return html`<${Skeleton} lines=${4} />`;
  const keys = [...data.results].sort((one, other) => Number(one.revoked_at !== null) - Number(other.revoked_at !== null) || other.created_at.localeCompare(one.created_at));
  const revoke = async () => {
    await request("DELETE", `${PATH}${doomed.id}/`);
    invalidate(PATH);
    toast(`Revoked ${doomed.name}: programs that use it are refused from now on.`);
  };
  return html`<div class="settings-line"><p class="muted grow">Programs send a key with each call. Its secret is shown once, when it is made.</p>
      <${Button} kind="primary" onClick=${() => setIsMaking(true)}>Create a key</${Button}></div>
    <div class="settings-table" tabindex="0" role="region" aria-label="Keys"><table>
      <thead><tr><th scope="col">Name</th><th scope="col">Prefix</th><th scope="col">May</th><th scope="col">Environment</th><th scope="col">Created</th><th scope="col">Last used</th><th scope="col"><span class="visually-hidden">Actions</span></th></tr></thead>
      <tbody>${keys.map(
        (key) => html`<tr key=${key.id} class=${key.revoked_at ? "settings-gone" : ""}>
          <td>${key.name}</td><td class="mono">${key.prefix}…</td><td>${key.scopes.map((/** @type {string} */ scope) => html`<span key=${scope} class="chip">${scope}</span> `)}</td>
          <td>${key.environment}</td><td><${Time} at=${key.created_at} /></td><td>${key.last_used_at ? html`<${Time} at=${key.last_used_at} />` : html`<span class="muted">never</span>`}</td>
          <td>${key.revoked_at ? html`<span class="muted">revoked <${Time} at=${key.revoked_at} /></span>` : html`<${Button} kind="quiet" name=${`Revoke ${key.name}`} onClick=${() => setDoomed(key)}>Revoke</${Button}>`}</td>
        </tr>`,
      )}</tbody></table></div>
    ${isMaking && html`<${NewKeyDialog} onClose=${() => setIsMaking(false)} />`}
    ${doomed && html`<${Confirm} title=${`Revoke ${doomed.name}?`} action="Revoke" onConfirm=${revoke} onClose=${() => setDoomed(null)} call=${{ method: "DELETE", path: `${PATH}${doomed.id}/` }}
      text=${html`Every program that uses <code>${doomed.prefix}…</code> is refused from now on. This cannot be taken back. If it is the key you signed in with, you are signed out.`} />`}`;
}
