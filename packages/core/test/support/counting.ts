import type { StorageAdapter } from "@corm/core";

/** What core asked a storage adapter for: one entry per verb, and of `writeAll` one per verb that it stands for. */
export interface Asked {
  readonly verb: string;
  readonly table: string;
  /** Rows of an insert or upsert, entries of an `updateEach`. */
  readonly rows: number;
}

export class StatementLog {
  readonly asked: Asked[] = [];
  /** Transactions and savepoints begun. */
  transactions = 0;
  savepoints = 0;

  clear(): void {
    this.asked.length = 0;
    this.transactions = 0;
    this.savepoints = 0;
  }
  of(verb: string, table?: string): Asked[] {
    return this.asked.filter(
      (entry) => entry.verb === verb && (table === undefined || entry.table === table),
    );
  }
}

const VERBS = ["findMany", "aggregate", "insertMany", "updateWhere", "updateEach", "deleteWhere", "upsert"];

interface Write {
  readonly table: string;
  readonly rows?: readonly unknown[];
  readonly updates?: readonly unknown[];
}

type Callable = (...args: unknown[]) => unknown;

/** An adapter that writes down what it is asked, also inside transactions. */
export function counting(inner: StorageAdapter): { storage: StorageAdapter; log: StatementLog } {
  const log = new StatementLog();
  const wrap = <T extends object>(target: T): T =>
    new Proxy(target, {
      get(object, key) {
        const value: unknown = Reflect.get(object, key);
        if (typeof value !== "function" || typeof key !== "string") return value;
        const call = value.bind(object) as Callable;
        if (VERBS.includes(key)) {
          return (...args: unknown[]) => {
            const [spec, rows] = args as [string | { table: string }, unknown];
            const table = typeof spec === "string" ? spec : spec.table;
            log.asked.push({ verb: key, table, rows: Array.isArray(rows) ? rows.length : 0 });
            return call(...args);
          };
        }
        if (key === "writeAll") {
          return (writes: readonly Write[]) => {
            for (const { table, rows, updates } of writes)
              log.asked.push(
                rows
                  ? { verb: "insertMany", table, rows: rows.length }
                  : { verb: "updateEach", table, rows: updates?.length ?? 0 },
              );
            return call(writes);
          };
        }
        if (key === "transaction" || key === "savepoint") {
          return (work: (tx: object) => unknown, options?: unknown) => {
            if (key === "transaction") log.transactions += 1;
            else log.savepoints += 1;
            return call((tx: object) => work(wrap(tx)), options);
          };
        }
        if (key === "forTenant" || key === "acrossTenants") {
          return (...args: unknown[]) => wrap(call(...args) as object);
        }
        return call;
      },
    });
  return { storage: wrap(inner), log };
}
