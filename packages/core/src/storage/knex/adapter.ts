import { StorageUnavailable } from "../../errors/storage-errors.js";
import type { Capabilities, SchemaManager, StorageAdapter, Transaction } from "../adapter.js";
import type { PhysicalSchema } from "../physical-schema.js";
import { Catalog } from "./catalog.js";
import { Compiler } from "./compiler.js";
import type { Dialect } from "./dialects/dialect.js";
import { type SchemaTools, schemaManager } from "./schema/manager.js";
import type { Engine, Session } from "./statement.js";
import { runTransaction } from "./transaction.js";
import { type Translate, translator } from "./translate-error.js";
import { Verbs } from "./verbs.js";

export interface AdapterParts {
  readonly dialect: Dialect;
  readonly connect: (translate: Translate) => Promise<Engine>;
  readonly schema: SchemaTools;
}

/** Puts dialect, engine and schema tools of one database together. */
export class KnexStorage extends Verbs implements StorageAdapter {
  readonly name: string;
  readonly capabilities: Capabilities;
  readonly schema: SchemaManager;
  private connecting: Promise<Engine> | undefined;
  private engine: Engine | undefined;
  private compiled: Compiler | undefined;

  constructor(private readonly parts: AdapterParts) {
    super();
    this.name = parts.dialect.engine;
    this.capabilities = parts.dialect.capabilities;
    this.schema = schemaManager(
      parts.schema,
      () => this.connected(),
      (error, doing) => this.translate(error, doing),
    );
  }

  async open(physical: PhysicalSchema): Promise<void> {
    await this.connected();
    const { dialect } = this.parts;
    this.compiled = new Compiler(dialect, new Catalog(physical, dialect.quote));
  }

  async close(): Promise<void> {
    const closing = this.connecting;
    this.connecting = undefined;
    await (await closing)?.close();
  }

  async ping(): Promise<void> {
    await (await this.connected()).ping();
  }

  async transaction<T>(
    work: (tx: Transaction) => Promise<T>,
    options?: { readonly readOnly?: boolean },
  ): Promise<T> {
    const { compiler } = this;
    const readOnly = options?.readOnly === true;
    return this.opened().transaction(
      (session) => runTransaction(compiler, session, readOnly, work),
      readOnly,
    );
  }

  protected override get compiler(): Compiler {
    if (this.compiled === undefined) throw notOpen();
    return this.compiled;
  }

  protected override session(): Session {
    return this.opened();
  }

  protected override failed(): void {
    // Outside transactions an error concerns nobody but its caller.
  }

  private opened(): Engine {
    if (this.engine === undefined) throw notOpen();
    return this.engine;
  }

  private translate(error: unknown, doing?: Parameters<Translate>[1]): Error {
    return translator(this.parts.dialect, this.compiled?.catalog)(error, doing);
  }

  /** The schema can be inspected and changed before the adapter is opened with the result. */
  private async connected(): Promise<Engine> {
    this.connecting ??= this.parts.connect((error, doing) => this.translate(error, doing));
    try {
      this.engine = await this.connecting;
      return this.engine;
    } catch (error) {
      this.connecting = undefined;
      throw error;
    }
  }
}

const notOpen = (): Error => StorageUnavailable({ reason: "the storage is not open" });
