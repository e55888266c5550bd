export { h, render, Fragment, createContext } from "preact";
export {
  useState,
  useEffect,
  useLayoutEffect,
  useRef,
  useMemo,
  useCallback,
  useId,
  useContext,
  useErrorBoundary,
  useReducer,
} from "preact/hooks";
export {
  signal,
  computed,
  effect,
  batch,
  untracked,
  useSignal,
  useComputed,
  useSignalEffect,
} from "@preact/signals";
import type { VNode } from "preact";
export function html(strings: TemplateStringsArray, ...values: unknown[]): VNode<any>;
export type { Signal, ReadonlySignal } from "@preact/signals";
export type { VNode } from "preact";
