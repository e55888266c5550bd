/** Components that are drawn again only when one of their props is another. */
import { h } from "../vendor/preact.js";

/** @param {Record<string, any>} one @param {Record<string, any>} other */
function isSame(one, other) {
  for (const name in one) if (one[name] !== other[name]) return false;
  for (const name in other) if (!(name in one)) return false;
  return true;
}

/**
 * @template {(props: any) => any} Component
 * @param {Component} component
 * @returns {Component}
 */
export function memo(component) {
  /** @this {any} @param {any} props */
  function Memoized(props) {
    this.shouldComponentUpdate = (/** @type {any} */ next) => !isSame(this.props, next);
    return h(component, props);
  }
  return /** @type {any} */ (Memoized);
}
