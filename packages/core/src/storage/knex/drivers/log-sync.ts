interface Batch {
  readonly promise: Promise<void>;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Makes commits durable for many at once. SQLite itself would wait for the disk in every commit, and stop
 * the event loop meanwhile; so it writes its log without waiting, and this waits for all of it: commits that
 * arrive during one flush share the next. Nobody is told of a commit, nor of what one wrote, before it is on
 * the disk.
 */
export class LogSync {
  private dirty = false;
  private waiting: Batch | undefined;
  private flushing: Batch | undefined;
  private failure: { readonly error: unknown } | undefined;

  /** `flush` resolves when all that was written to the log before the call is on the disk. */
  constructor(private readonly flush: () => Promise<void>) {}

  /** Something was committed. */
  written(): void {
    this.dirty = true;
  }

  /** Whether all commits until now are on the disk. */
  get isSettled(): boolean {
    return !this.dirty && this.waiting === undefined && this.flushing === undefined && !this.failure;
  }

  get isFlushing(): boolean {
    return this.flushing !== undefined;
  }

  /** Resolves when all commits until now are on the disk; undefined when they are. */
  settled(): Promise<void> | undefined {
    // A disk that failed once may have lost what it was given before: no later flush can make that good.
    if (this.failure !== undefined) return Promise.reject(this.failure.error);
    if (this.dirty) {
      this.dirty = false;
      // A flush under way may have begun before the last commit.
      this.waiting ??= newBatch();
      const { promise } = this.waiting;
      if (this.flushing === undefined) void this.run();
      return promise;
    }
    return (this.waiting ?? this.flushing)?.promise;
  }

  private async run(): Promise<void> {
    while (this.waiting !== undefined) {
      const batch = this.waiting;
      this.flushing = batch;
      this.waiting = undefined;
      try {
        await this.flush();
        batch.resolve();
      } catch (error) {
        this.failure = { error };
        batch.reject(error);
        this.abandon(error);
      }
    }
    this.flushing = undefined;
  }

  private abandon(error: unknown): void {
    const { waiting } = this;
    this.waiting = undefined;
    waiting?.reject(error);
  }
}

function newBatch(): Batch {
  let resolve = (): void => {};
  let reject = (_: unknown): void => {};
  const promise = new Promise<void>((yes, no) => {
    resolve = yes;
    reject = no;
  });
  return { promise, resolve, reject };
}
