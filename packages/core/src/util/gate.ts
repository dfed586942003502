export interface Gate {
  /** Runs `work` when it is its turn; undefined, at once, where too many are waiting already. */
  run<T>(work: () => Promise<T>): Promise<T> | undefined;
  readonly running: number;
  readonly waiting: number;
}

/** Lets few in at a time and keeps a short queue: for work that takes so much memory or time that a flood of it kills. */
export function createGate(limits: { readonly running: number; readonly waiting: number }): Gate {
  const queue: (() => void)[] = [];
  let running = 0;
  const leave = () => {
    const next = queue.shift();
    // The place is handed on, so that nobody slips in between.
    if (next) next();
    else running -= 1;
  };
  const enter = (): Promise<void> | undefined => {
    if (running < limits.running) {
      running += 1;
      return Promise.resolve();
    }
    return queue.length < limits.waiting ? new Promise((resolve) => queue.push(resolve)) : undefined;
  };
  return {
    get running() {
      return running;
    },
    get waiting() {
      return queue.length;
    },
    run(work) {
      const entered = enter();
      return entered?.then(async () => {
        try {
          return await work();
        } finally {
          leave();
        }
      });
    },
  };
}
