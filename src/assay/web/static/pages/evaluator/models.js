/** The models that judges may ask, by the providers that are set up. */
import { useRequest } from "../../lib/api.js";

/**
 * @typedef {{names: string[], hasReal: boolean, isLoaded: boolean}} Models `hasReal`: a provider asks real models, so
 *   that scores mean something
 */

/** @returns {Models} */
export function useModels() {
  const { data } = useRequest({ path: "/api/providers/list/", params: { page_size: 100 } });
  /** @type {any[]} */
  const providers = (data?.results ?? []).filter((/** @type {any} */ each) => each.is_enabled);
  const real = providers.filter((each) => each.kind !== "scripted");
  const names = real.flatMap((each) => each.models.map((/** @type {string} */ model) => ({ model, provider: each.name })));
  const count = (/** @type {string} */ model) => names.filter((each) => each.model === model).length;
  return {
    // A model that two providers list is named with its provider.
    names: [...names.map(({ model, provider }) => (count(model) > 1 ? `${provider}/${model}` : model)), "scripted"],
    hasReal: real.length > 0,
    isLoaded: data !== null,
  };
}
