import { StorageUnavailable } from "../../errors/storage-errors.js";
import type { StorageAdapter, Transaction } from "../adapter.js";
import type { PhysicalSchema } from "../physical-schema.js";
import { Catalog } from "./catalog.js";
import { Compiler } from "./compiler.js";
import type { Dialect } from "./dialects/dialect.js";
import { operations } from "./operations.js";
import { type SchemaTools, schemaManager } from "./schema/manager.js";
import type { Engine } from "./statement.js";
import { runTransaction } from "./transaction.js";
import { type Translate, translator } from "./translate-error.js";

export interface AdapterParts {
  readonly dialect: Dialect;
  readonly connect: (translate: Translate) => Promise<Engine>;
  readonly schema: SchemaTools;
}

/** Puts dialect, engine and schema tools of one database together. */
export function createAdapter({ dialect, connect, schema }: AdapterParts): StorageAdapter {
  let connecting: Promise<Engine> | undefined;
  let engine: Engine | undefined;
  let compiler: Compiler | undefined;

  const opened = (): Engine => {
    if (engine === undefined) throw StorageUnavailable({ reason: "the storage is not open" });
    return engine;
  };
  const compile = (): Compiler => {
    if (compiler === undefined) throw StorageUnavailable({ reason: "the storage is not open" });
    return compiler;
  };
  const translate: Translate = (error, doing) => translator(dialect, compiler?.catalog)(error, doing);
  // The schema can be inspected and changed before the adapter is opened with the result.
  const connected = async (): Promise<Engine> => {
    connecting ??= connect(translate);
    try {
      engine = await connecting;
      return engine;
    } catch (error) {
      connecting = undefined;
      throw error;
    }
  };

  return {
    ...operations(compile, opened),
    name: dialect.engine,
    capabilities: dialect.capabilities,
    schema: schemaManager(schema, connected, translate),
    async open(physical: PhysicalSchema) {
      await connected();
      compiler = new Compiler(dialect, new Catalog(physical, dialect.quote));
    },
    async close() {
      const closing = connecting;
      connecting = undefined;
      await (await closing)?.close();
    },
    ping: async () => (await connected()).ping(),
    async transaction<T>(
      work: (tx: Transaction) => Promise<T>,
      options: { readonly readOnly?: boolean } = {},
    ): Promise<T> {
      const readOnly = options.readOnly === true;
      return opened().transaction((session) => runTransaction(compile, session, readOnly, work), readOnly);
    },
  };
}
