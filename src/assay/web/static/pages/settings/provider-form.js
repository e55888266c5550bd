/** What is typed about a provider, and the API's body for it. */

/** @typedef {{name: string, kind: string, baseUrl: string, key: string, models: string, prices: string, requests: string, tokens: string, calls: string, timeout: string, isEnabled: boolean}} Typed */

/** @param {any} provider null for a new one @returns {Typed} */
export function typedOf(provider) {
  const limits = provider?.limits ?? {};
  const prices = Object.entries(provider?.prices ?? {}).map(([model, price]) => `${model} ${/** @type {any} */ (price).input_usd} ${/** @type {any} */ (price).output_usd}`);
  const shown = (/** @type {any} */ value) => (value === null || value === undefined ? "" : String(value));
  return {
    name: provider?.name ?? "", kind: provider?.kind ?? "openai", baseUrl: provider?.base_url ?? "", key: "",
    models: (provider?.models ?? []).join("\n"), prices: prices.join("\n"),
    requests: shown(limits.requests_per_minute), tokens: shown(limits.tokens_per_minute), calls: shown(limits.max_concurrency), timeout: shown(limits.timeout_seconds),
    isEnabled: provider?.is_enabled ?? true,
  };
}

/** A model with its two prices a line. @param {string} text @returns {{prices: Record<string, {input_usd: number, output_usd: number}>, problem: string}} */
export function readPrices(text) {
  /** @type {Record<string, {input_usd: number, output_usd: number}>} */
  const prices = {};
  for (const line of text.split("\n").map((each) => each.trim()).filter(Boolean)) {
    const [, model, input, output] = /^(.+?)[\s,]+([\d.]+)[\s,]+([\d.]+)$/.exec(line) ?? [];
    if (!model || !Number.isFinite(Number(input)) || !Number.isFinite(Number(output))) return { prices, problem: `“${line}”: write a model, its price in and its price out, such as gpt-4o 2.5 10.` };
    prices[model] = { input_usd: Number(input), output_usd: Number(output) };
  }
  return { prices, problem: "" };
}

/** @param {Typed} typed @param {boolean} isNew */
export function bodyOf(typed, isNew) {
  const number = (/** @type {string} */ text) => (text.trim() === "" ? null : Number(text));
  const limits = {
    requests_per_minute: number(typed.requests), tokens_per_minute: number(typed.tokens),
    ...(typed.calls.trim() ? { max_concurrency: Number(typed.calls) } : {}), ...(typed.timeout.trim() ? { timeout_seconds: Number(typed.timeout) } : {}),
  };
  return {
    name: typed.name.trim(), kind: typed.kind, base_url: typed.kind === "scripted" ? "" : typed.baseUrl.trim(),
    ...(typed.key ? { key: typed.key } : {}),
    models: typed.models.split(/[\n,]/).map((each) => each.trim()).filter(Boolean),
    prices: readPrices(typed.prices).prices, limits,
    ...(isNew ? {} : { is_enabled: typed.isEnabled }),
  };
}
