/** The head of a page: where it is, what it is, what can be done. */
import { html, useEffect } from "../vendor/preact.js";

/**
 * @param {{title: string, crumbs?: Array<{label: string, href: string}>, meta?: any, actions?: any, shownTitle?: any,
 *   mark?: string}} props `mark` goes before the title of the window, such as "✓"
 */
export function PageHead({ title, crumbs = [], meta, actions, shownTitle, mark = "" }) {
  useEffect(() => {
    document.title = `${mark ? `${mark} ` : ""}${[title, ...crumbs.map((crumb) => crumb.label).reverse()].join(" · ")} · Assay`;
  }, [title, mark, crumbs.map((crumb) => crumb.label).join()]);
  return html`<header class="page-head">
    ${crumbs.length > 0 &&
    html`<nav class="page-crumbs" aria-label="Breadcrumb">
      ${crumbs.map((crumb) => html`<a key=${crumb.href} class="cut" href=${crumb.href}>${crumb.label}</a><span aria-hidden="true">/</span>`)}
    </nav>`}
    <h1 class="cut" title=${title}>${shownTitle ?? title}</h1>
    <div class="page-meta muted grow">${meta}</div>
    ${actions && html`<div class="page-actions">${actions}</div>`}
  </header>`;
}
