import type { Awaitable } from "../../util/awaitable.js";
import type {
  AggregateSpec,
  FindSpec,
  Operations,
  Patch,
  Reach,
  RowUpdate,
  StoredRow,
  Write,
} from "../adapter.js";
import type { Filter } from "../filter.js";
import type { Compiler } from "./compiler.js";
import { isOverflow } from "./dialects/sqlite-errors.js";
import { nullPhases } from "./null-phases.js";
import type { Call, Session, Statement } from "./statement.js";
import { admitCall, admitKey, admitRows } from "./tenant-guard.js";

/** The verbs over a session: outside transactions, or in one. */
export abstract class Verbs implements Operations {
  protected abstract readonly compiler: Compiler;

  /** Whose rows the verbs may touch. */
  protected abstract readonly reach: Reach | undefined;

  /** The session, or an error if it may not be used now. */
  protected abstract session(writes: boolean): Session;

  /** Takes note of an error; the caller throws it. */
  protected abstract failed(error: unknown, statement: Statement): void;

  findMany(spec: FindSpec): Awaitable<StoredRow[]> {
    const phases = spec.after === undefined ? undefined : nullPhases(spec, this.compiler.catalog);
    return phases === undefined ? this.find(spec) : this.findInPhases(spec, phases);
  }

  private async findInPhases(
    spec: FindSpec,
    [first, second]: readonly [FindSpec, FindSpec],
  ): Promise<StoredRow[]> {
    const rows = await this.find(first);
    const missing = spec.limit - rows.length;
    return missing <= 0 ? rows : [...rows, ...(await this.find({ ...second, limit: missing }))];
  }

  async aggregate(spec: AggregateSpec): Promise<StoredRow[]> {
    const call = this.compiler.aggregate(spec, false);
    admitCall(call, this.reach);
    const session = this.session(false);
    try {
      return await session.query(call.statement, call.values);
    } catch (error) {
      // Rare, and only on SQLite: sums beyond 64 bits cost a second, slower statement.
      if (!isOverflow((error as Error).cause)) {
        this.failed(error, call.statement);
        throw error;
      }
    }
    const exact = this.compiler.aggregate(spec, true);
    return this.watch(exact.statement, () => session.query(exact.statement, exact.values));
  }

  async insertMany(table: string, rows: readonly StoredRow[]): Promise<void> {
    await this.all(this.inserts(table, rows));
  }

  async updateWhere(table: string, where: Filter, patch: Patch): Promise<{ count: number }> {
    return { count: await this.one(this.update(table, where, patch)) };
  }

  async updateEach(table: string, updates: readonly RowUpdate[]): Promise<readonly number[]> {
    return this.all(this.updates(table, updates));
  }

  async writeAll(writes: readonly Write[]): Promise<readonly (readonly number[])[]> {
    const parts = writes.map((write) =>
      "rows" in write ? this.inserts(write.table, write.rows) : this.updates(write.table, write.updates),
    );
    const counts = await this.all(parts.flat());
    let at = 0;
    return parts.map((calls, i) => {
      const own = counts.slice(at, at + calls.length);
      at += calls.length;
      return "rows" in (writes[i] as Write) ? [] : own;
    });
  }

  async deleteWhere(table: string, where: Filter): Promise<{ count: number }> {
    const call = this.compiler.delete(table, where);
    admitCall(call, this.reach);
    return { count: await this.one(call) };
  }

  async upsert(
    table: string,
    rows: readonly StoredRow[],
    on: readonly string[],
    update: readonly string[],
  ): Promise<void> {
    const info = this.compiler.catalog.table(table);
    admitRows(info, "upsert into", rows, this.reach);
    admitKey(info, on, this.reach);
    await this.all(this.compiler.insert({ table, rows, on, update }));
  }

  private inserts(table: string, rows: readonly StoredRow[]): readonly Call[] {
    admitRows(this.compiler.catalog.table(table), "insert into", rows, this.reach);
    return this.compiler.insert({ table, rows });
  }

  private updates(table: string, updates: readonly RowUpdate[]): readonly Call[] {
    return updates.map(({ where, patch }) => this.update(table, where, patch));
  }

  private update(table: string, where: Filter, patch: Patch): Call {
    const info = this.compiler.catalog.table(table);
    if (info.tenant !== undefined && info.tenant in patch) admitRows(info, "update", [patch], this.reach);
    const call = this.compiler.update(table, where, patch);
    admitCall(call, this.reach);
    return call;
  }

  private find(spec: FindSpec): Awaitable<StoredRow[]> {
    const call = this.compiler.find(spec);
    admitCall(call, this.reach);
    const { statement, values } = call;
    const session = this.session(false);
    return this.watch(statement, () => session.query(statement, values));
  }

  private one({ statement, values }: Call): Awaitable<number> {
    const session = this.session(true);
    return this.watch(statement, () => session.execute(statement, values));
  }

  private all(calls: readonly Call[]): Awaitable<number[]> {
    const session = this.session(true);
    const [first] = calls;
    if (first === undefined) return [];
    if (calls.length > 1) return this.watch(first.statement, () => session.executeAll(calls));
    const count = this.watch(first.statement, () => session.execute(first.statement, first.values));
    return count instanceof Promise ? count.then((matched) => [matched]) : [count];
  }

  private watch<T>(statement: Statement, run: () => Awaitable<T>): Awaitable<T> {
    try {
      const result = run();
      if (!(result instanceof Promise)) return result;
      return result.catch((error: unknown) => {
        this.failed(error, statement);
        throw error;
      });
    } catch (error) {
      this.failed(error, statement);
      throw error;
    }
  }
}
