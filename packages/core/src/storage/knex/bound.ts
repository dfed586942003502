import { StorageUnavailable } from "../../errors/storage-errors.js";
import type { Abortable } from "../../util/abortable.js";
import type { BoundStorage, Reach, Transaction } from "../adapter.js";
import type { Compiler } from "./compiler.js";
import type { Engine, Session } from "./statement.js";
import { runTransaction } from "./transaction.js";
import { Verbs } from "./verbs.js";

/** What a storage has once it is connected, and opened with a schema. */
export interface Handle {
  engine?: Engine;
  compiler?: Compiler;
}

/** The verbs and transactions of one reach, all over one handle. */
export class Bound extends Verbs implements BoundStorage {
  constructor(
    protected readonly handle: Handle,
    protected override readonly reach: Reach | undefined,
    private readonly signal?: Abortable,
  ) {
    super();
  }

  transaction<T>(
    work: (tx: Transaction) => Promise<T>,
    options?: { readonly readOnly?: boolean },
  ): Promise<T> {
    const { compiler, engine, reach, signal } = this;
    const transaction = { readOnly: options?.readOnly === true, reach, signal };
    return engine.transaction((session) => runTransaction(compiler, session, transaction, work), transaction);
  }

  protected override get compiler(): Compiler {
    return this.handle.compiler ?? notOpen();
  }

  protected override session(): Session {
    this.signal?.throwIfAborted();
    return this.engine.within(this.reach, this.signal);
  }

  protected override failed(): void {
    // Outside transactions an error concerns nobody but its caller.
  }

  private get engine(): Engine {
    return this.handle.engine ?? notOpen();
  }
}

function notOpen(): never {
  throw StorageUnavailable({ reason: "the storage is not open" });
}
