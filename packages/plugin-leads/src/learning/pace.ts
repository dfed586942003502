/** Lets everything else in the process have its turn while something long is computed. */
export interface Pace {
  /** True when it is time to give way. Cheap: ask as often as you like. */
  readonly due: () => boolean;
  /** Gives way. @throws the reason of the signal, once it is aborted */
  readonly rest: () => Promise<void>;
}

/** Gives way after `turn` milliseconds of work. */
export function createPace(
  options: { readonly turn?: number; readonly signal?: AbortSignal | undefined } = {},
): Pace {
  const { turn = 8, signal } = options;
  let began = performance.now();
  return {
    due: () => performance.now() - began >= turn,
    rest: async () => {
      signal?.throwIfAborted();
      await new Promise((go) => setImmediate(go));
      began = performance.now();
    },
  };
}
