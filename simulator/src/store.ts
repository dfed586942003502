import { type StorageAdapter, TransactionConflict } from "@corm/core";
import { Died, type Process, type World } from "./world.js";

type Bound = ReturnType<StorageAdapter["forTenant"]>;
type Tx = Parameters<Parameters<Bound["transaction"]>[0]>[0];
type Verbs = Omit<Bound, "transaction">;

const READS = new Set(["findMany", "aggregate"]);
const VERBS = [
  "findMany",
  "aggregate",
  "insertMany",
  "updateWhere",
  "updateEach",
  "writeAll",
  "deleteWhere",
  "upsert",
] as const;

function nameOf(first: unknown): string {
  if (typeof first === "string") return first;
  const specs = (Array.isArray(first) ? first : [first]) as { readonly table: string }[];
  return specs.map(({ table }) => table).join(" and ");
}

/** The verbs, each of which waits for its turn; and, after what is committed, for another one until it is known. */
function verbs(world: World, process: Process, inner: Verbs, inside: boolean): Verbs {
  const wrapped: Record<string, unknown> = {};
  for (const verb of VERBS) {
    wrapped[verb] = async (...args: unknown[]) => {
      const [first] = args;
      const label = `${verb} ${nameOf(first)}`;
      await world.turn(process, inside ? "inside" : "store", label);
      const result = await (inner[verb] as (...given: unknown[]) => unknown).apply(inner, args);
      if (!inside && !READS.has(verb)) await world.turn(process, "free", `hears of ${label}`);
      return result;
    };
  }
  return wrapped as unknown as Verbs;
}

function transaction(world: World, process: Process, inner: Tx): Tx {
  return {
    ...verbs(world, process, inner, true),
    savepoint: (work) => inner.savepoint((tx) => work(transaction(world, process, tx))),
  } as Tx;
}

function bound(world: World, process: Process, inner: Bound): Bound {
  return {
    ...verbs(world, process, inner, false),
    async transaction(work, options) {
      await world.turn(process, "begin", "begins a transaction");
      if (!process.isStarting && world.isConflict()) throw TransactionConflict({ reason: "chance" });
      world.inTransaction = process;
      let result: Awaited<ReturnType<typeof work>>;
      try {
        result = await inner.transaction(
          (tx) =>
            Promise.race([
              (async () => {
                const done = await work(transaction(world, process, tx));
                await world.turn(process, "inside", "commits");
                return done;
              })(),
              process.died,
            ]),
          options,
        );
      } catch (error) {
        // Nobody hears of it any more.
        if (error instanceof Died) return new Promise(() => {});
        throw error;
      } finally {
        world.inTransaction = undefined;
      }
      await world.turn(process, "free", "hears of its commit");
      return result;
    },
  };
}

/** The database as one process reaches it. All share one, which is opened before and closed after all of them. */
export function storeOf(world: World, process: Process, inner: StorageAdapter): StorageAdapter {
  const own = bound(world, process, inner);
  return {
    ...own,
    name: inner.name,
    capabilities: inner.capabilities,
    schema: inner.schema,
    open: async () => {},
    close: async () => {},
    ping: () => inner.ping(),
    forTenant: (tenant) => bound(world, process, inner.forTenant(tenant)),
    acrossTenants: (reason) => bound(world, process, inner.acrossTenants(reason)),
  };
}
