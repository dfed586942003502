import type { Operations } from "../adapter.js";
import type { Compiler } from "./compiler.js";
import { isOverflow } from "./dialects/sqlite-errors.js";
import type { Session } from "./statement.js";

/** The verbs over a session. `use` hands out the session, or throws when it may not be used now. */
export function operations(compiler: () => Compiler, use: (writes: boolean) => Session): Operations {
  return {
    async findMany(spec) {
      const { statement, values } = compiler().find(spec);
      return use(false).query(statement, values);
    },
    async aggregate(spec) {
      const { statement, values } = compiler().aggregate(spec, false);
      try {
        return await use(false).query(statement, values);
      } catch (error) {
        // Rare, and only on SQLite: sums beyond 64 bits cost a second, slower statement.
        if (!isOverflow((error as Error).cause)) throw error;
      }
      const exact = compiler().aggregate(spec, true);
      return use(false).query(exact.statement, exact.values);
    },
    async insertMany(table, rows) {
      await use(true).executeAll(compiler().insert({ table, rows }));
    },
    async updateWhere(table, where, patch) {
      const { statement, values } = compiler().update(table, where, patch);
      return { count: await use(true).execute(statement, values) };
    },
    async updateEach(table, updates) {
      const calls = updates.map(({ where, patch }) => compiler().update(table, where, patch));
      return use(true).executeAll(calls);
    },
    async deleteWhere(table, where) {
      const { statement, values } = compiler().delete(table, where);
      return { count: await use(true).execute(statement, values) };
    },
    async upsert(table, rows, on, update) {
      await use(true).executeAll(compiler().insert({ table, rows, on, update }));
    },
  };
}
