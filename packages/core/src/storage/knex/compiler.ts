import type { AggregateSpec, FindSpec, Patch } from "../adapter.js";
import type { Filter } from "../filter.js";
import type { Catalog } from "./catalog.js";
import { compileAggregate, shapeAggregate } from "./compile-aggregate.js";
import { compileFind, shapeFind } from "./compile-find.js";
import { type InsertSpec, insertCalls } from "./compile-insert.js";
import { compileDelete, compileUpdate, shapeDelete, shapeUpdate } from "./compile-write.js";
import type { Dialect } from "./dialects/dialect.js";
import type { Shape } from "./shape.js";
import type { Call, Statement } from "./statement.js";
import { StatementCache } from "./statement-cache.js";

/** Shapes of one generation of the cache; at most twice as many statements are kept. */
const generation = 500;

/** Turns verbs into calls; Knex is asked for SQL only when a shape is new. */
export class Compiler {
  private readonly cache = new StatementCache<Statement>(generation);
  /** Of specs that never change. */
  private readonly calls = new WeakMap<FindSpec, Call>();

  constructor(
    private readonly dialect: Dialect,
    readonly catalog: Catalog,
  ) {}

  find(spec: FindSpec): Call {
    return Object.isFrozen(spec) ? this.known(spec) : this.made(spec);
  }

  private known(spec: FindSpec): Call {
    let call = this.calls.get(spec);
    if (call === undefined) {
      call = this.made(spec);
      this.calls.set(spec, call);
    }
    return call;
  }

  private made(spec: FindSpec): Call {
    const { catalog, dialect } = this;
    return this.call(shapeFind(spec, catalog, dialect), () => compileFind(spec, catalog, dialect));
  }

  aggregate(spec: AggregateSpec, exact: boolean): Call {
    const { catalog, dialect } = this;
    const shape = shapeAggregate(spec, catalog, dialect, exact);
    return this.call(shape, () => compileAggregate(spec, catalog, dialect, exact));
  }

  insert(spec: InsertSpec): Call[] {
    return insertCalls(spec, this.catalog, this.dialect, this.cache);
  }

  update(table: string, where: Filter, patch: Patch): Call {
    const { catalog, dialect } = this;
    const shape = shapeUpdate(table, where, patch, catalog, dialect);
    return this.call(shape, () => compileUpdate(table, where, patch, catalog, dialect));
  }

  delete(table: string, where: Filter): Call {
    const { catalog, dialect } = this;
    const shape = shapeDelete(table, where, catalog, dialect);
    return this.call(shape, () => compileDelete(table, where, catalog, dialect));
  }

  private call(shape: Shape, compile: () => Statement): Call {
    let statement = this.cache.get(shape.key);
    if (statement === undefined) {
      statement = compile();
      this.cache.set(shape.key, statement);
    }
    return { statement, values: shape.values };
  }
}
