/** In-process signals by name. They only save waiting: whoever misses one looks again after a while. */
export interface Signals {
  emit(name: string): void;
  /** Answers a function that ends it. */
  on(name: string, listener: () => void): () => void;
  /** Resolves with the next signal, after `timeout` milliseconds, or when `signal` aborts. */
  next(name: string, timeout: number, signal?: AbortSignal): Promise<void>;
}

export function createSignals(): Signals {
  const listeners = new Map<string, Set<() => void>>();
  const on = (name: string, listener: () => void): (() => void) => {
    const set = listeners.get(name) ?? new Set();
    listeners.set(name, set.add(listener));
    return () => {
      set.delete(listener);
      if (set.size === 0 && listeners.get(name) === set) listeners.delete(name);
    };
  };
  return {
    on,
    emit(name) {
      for (const listener of [...(listeners.get(name) ?? [])]) listener();
    },
    next: (name, timeout, signal) =>
      new Promise((resolve) => {
        const done = () => {
          clearTimeout(timer);
          off();
          signal?.removeEventListener("abort", done);
          resolve();
        };
        const timer = setTimeout(done, timeout);
        const off = on(name, done);
        if (signal?.aborted) done();
        else signal?.addEventListener("abort", done);
      }),
  };
}
