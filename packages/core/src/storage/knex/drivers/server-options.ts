import createKnex, { type Knex } from "knex";

export interface ServerOptions {
  readonly url: string;
  readonly pool: { readonly min?: number; readonly max?: number };
  readonly acquireTimeout: number;
  readonly statementTimeout: number;
  readonly prepare: boolean;
}

/** How long a statement waits for a row that another transaction has locked, in milliseconds. */
export const lockTimeout = 10_000;
/** How long a transaction may do nothing before the server ends it, in milliseconds. */
export const idleTimeout = 60_000;

/** A pool of Knex over a driver that was loaded by us, and not by name from wherever Knex is installed. */
export function createPool(
  client: "pg" | "mysql2",
  driver: unknown,
  connection: object,
  options: ServerOptions,
  prepareConnection: (connection: never) => Promise<void>,
): Knex {
  const Base = createKnex({ client }).client.constructor as new (config: object) => object;
  class Client extends Base {
    _driver(): unknown {
      return driver;
    }
  }
  const silent = (): void => {};
  return createKnex({
    client: Client as unknown as typeof Knex.Client,
    connection,
    acquireConnectionTimeout: options.acquireTimeout,
    // What fails comes back as an error; nothing is printed.
    log: { warn: silent, error: silent, deprecate: silent, debug: silent },
    pool: {
      min: options.pool.min ?? 0,
      max: options.pool.max ?? 10,
      createTimeoutMillis: options.acquireTimeout,
      afterCreate: (made: never, done: (error: unknown, made: never) => void) => {
        prepareConnection(made).then(
          () => done(undefined, made),
          (error) => done(error, made),
        );
      },
    },
  });
}
