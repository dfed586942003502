import { createRequire } from "node:module";

/**
 * A library that is loaded when it is first used, and at once: writes that need none must not pay for its start, and
 * rules for single values cannot wait.
 */
export function lazyLibrary<T>(name: string): () => T {
  let loaded: T | undefined;
  return () => {
    loaded ??= createRequire(import.meta.url)(name) as T;
    return loaded;
  };
}
