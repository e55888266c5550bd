/** The settings: keys, providers, appearance, shortcuts, retention, and what this server is. */
import { html } from "../vendor/preact.js";
import { Empty } from "../components/empty.js";
import { LazyPart } from "../components/lazy-part.js";
import { PageHead } from "../components/page-head.js";
import { Tabs } from "../components/tabs.js";
import { href } from "../lib/url.js";

/** @type {Record<string, {label: string, load: () => Promise<any>}>} */
const PARTS = {
  keys: { label: "Keys", load: () => import("./settings/keys.js").then((module) => module.default) },
  providers: { label: "Providers", load: () => import("./settings/providers.js").then((module) => module.default) },
  retention: { label: "Retention", load: () => import("./settings/retention.js").then((module) => module.default) },
  appearance: { label: "Appearance", load: () => import("./settings/appearance.js").then((module) => module.default) },
  shortcuts: { label: "Shortcuts", load: () => import("./settings/shortcuts.js").then((module) => module.default) },
  about: { label: "About", load: () => import("./settings/about.js").then((module) => module.default) },
};

/** @param {{params: {tab?: string}}} props */
export default function Settings({ params: { tab = "keys" } }) {
  const part = PARTS[tab];
  const tabs = Object.entries(PARTS).map(([name, { label }]) => ({ label, href: href(`/settings/${name}`), isCurrent: name === tab }));
  return html`<${PageHead} title=${part ? part.label : "Settings"} crumbs=${part ? [{ label: "Settings", href: href("/settings") }] : []} />
    <${Tabs} items=${tabs} label="Settings" />
    <div class="settings">${part
      ? html`<${LazyPart} key=${tab} load=${part.load} hasSkeleton=${true} />`
      : html`<${Empty} title="There is no such setting" text=${`Nothing here is called “${tab}”.`}><a class="button" href=${href("/settings/keys")}>Go to the keys</a></${Empty}>`}</div>`;
}
