/** What can be done with an evaluator: save, save as a version, compare, restore, duplicate, delete. */
import { html, useState } from "../../vendor/preact.js";
import { Button } from "../../components/button.js";
import { LazyPart } from "../../components/lazy-part.js";
import { Menu } from "../../components/menu.js";
import { invalidate, request } from "../../lib/api.js";
import { toast } from "../../lib/toast.js";
import { navigate, setParams } from "../../lib/url.js";
import { fieldsOf } from "./fields.js";
import { deleteEvaluator, duplicateEvaluator } from "./pending.js";

const saveDialog = () => import("./save-dialog.js").then((module) => module.SaveVersionDialog);
const comparison = () => import("./compare-versions.js").then((module) => module.CompareVersions);

/**
 * @param {{evaluator: any, draft: import("./draft.js").Draft, old: any, versions: any[], isComparing: boolean, setComparing: (isOpen: boolean) => void,
 *   onErrors: (errors: Record<string, string[]>) => void}} props
 */
export function Actions({ evaluator, draft, old, versions, isComparing, setComparing, onErrors }) {
  const [isBusy, setBusy] = useState(false);
  const [isNaming, setNaming] = useState(false);
  const say = (/** @type {any} */ error) => toast(error.message, { kind: "bad" });
  const save = () => {
    setBusy(true);
    onErrors({});
    request("PATCH", `/api/evaluators/${evaluator.id}/`, { body: draft.changes }).then(
      () => {
        setBusy(false);
        draft.discard();
        invalidate("/api/evaluators/");
        toast("Saved", { kind: "good" });
      },
      (error) => {
        setBusy(false);
        onErrors(error.fields ?? {});
        say(error);
      },
    );
  };
  const saved = (/** @type {any} */ next) => {
    setNaming(false);
    draft.discard();
    invalidate("/api/evaluators/");
    toast(`Version ${next.version - 1} is saved`, { kind: "good" });
  };
  const restore = () => {
    draft.replace(fieldsOf(old));
    setParams({ v: null });
    toast(`v${old.version} is in the editor. Save it as a version when it is right.`);
  };
  const duplicate = () => duplicateEvaluator(evaluator).then((copy) => navigate(`/evaluators/${copy.evaluator_slug}`), say);
  const remove = () => {
    draft.discard();
    deleteEvaluator(evaluator);
    navigate("/evaluators");
  };
  const isCommitted = versions.length > 1;
  const menu = html`<${Menu} kind="icon" label="⋯" name="More actions" items=${[
    { label: "Duplicate", run: duplicate },
    isCommitted && { label: "Compare versions…", run: () => setComparing(true) },
    draft.isChanged && !old && { label: "Discard changes", run: draft.discard },
    !evaluator.is_builtin && null,
    !evaluator.is_builtin && { label: "Delete", isDanger: true, run: remove },
  ]} />`;
  return html`
    ${old && !evaluator.is_builtin && html`<${Button} onClick=${() => setParams({ v: null })}>Back to the draft</${Button}><${Button} kind="primary" onClick=${restore}>Restore v${old.version}</${Button}>`}
    ${!old && evaluator.is_builtin && html`<${Button} kind="primary" onClick=${duplicate}>Duplicate</${Button}>`}
    ${!old && !evaluator.is_builtin && html`
      ${(isCommitted || draft.isChanged) && html`<${Button} onClick=${() => setComparing(true)}>Diff</${Button}>`}
      <${Button} onClick=${save} isBusy=${isBusy} isDisabled=${!draft.isChanged}>Save draft</${Button}>
      <${Button} kind="primary" onClick=${() => setNaming(true)}>Save as v${evaluator.version}</${Button}>`}
    ${menu}
    ${isNaming && html`<${LazyPart} load=${saveDialog} evaluator=${evaluator} changes=${draft.changes} onClose=${() => setNaming(false)} onSaved=${saved} onErrors=${onErrors} />`}
    ${isComparing && html`<${LazyPart} load=${comparison} versions=${versions} edited=${draft.isChanged && !old ? draft.fields : null} onClose=${() => setComparing(false)} />`}`;
}
