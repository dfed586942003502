import { expect, it } from "vitest";
import { StorageUnavailable } from "../../src/errors/storage-errors.js";
import { Routing } from "../../src/storage/knex/drivers/replicas.js";
import { ReplicatedEngine } from "../../src/storage/knex/drivers/replicated-engine.js";
import type { Engine, RawConnection, Statement } from "../../src/storage/knex/statement.js";

const STATEMENT = {} as Statement;

/** A server: how it answers reads, and the question how far it is. */
function server(
  read: () => Promise<string>,
  place: () => Promise<Record<string, unknown>[]> = async () => [{ place: "0/FF" }],
): Engine {
  const session = {
    query: async () => [{ of: await read() }],
    execute: async () => 1,
    executeAll: async () => [],
  };
  const engine: Partial<Engine> = {
    ...session,
    within: () => session,
    connection: (work) => work({ query: () => place(), exec: async () => {} } as RawConnection),
    verify: async () => {},
  };
  return engine as Engine;
}

const timedOut = () =>
  StorageUnavailable(
    { reason: "canceling statement due to statement timeout" },
    { cause: Object.assign(new Error("canceling statement due to statement timeout"), { code: "57014" }) },
  );

it("does not ask the primary once more for what a replica could not answer in time", async () => {
  let asked = 0;
  let slow = true;
  const primary = server(async () => {
    asked += 1;
    return "primary";
  });
  const replica = server(async () => {
    if (slow) throw timedOut();
    return "replica";
  });
  const routing = new Routing(async () => "0/0");
  const engine = new ReplicatedEngine(primary, [replica], routing);
  await routing.run("any", async () => {
    await expect(engine.query(STATEMENT, [])).rejects.toThrow(/statement timeout/);
    expect(asked).toBe(0);
    // What one query takes too long for is no fault of the server: the others go on reading there.
    slow = false;
    expect(await engine.query(STATEMENT, [])).toEqual([{ of: "replica" }]);
  });
});

it("reads from the primary where a replica does not even say how far it is", async () => {
  const primary = server(async () => "primary");
  const silent = server(
    async () => "replica",
    () => new Promise(() => {}),
  );
  const routing = new Routing(async () => "0/0");
  const engine = new ReplicatedEngine(primary, [silent], routing);
  await routing.run("any", async () => {
    expect(await engine.query(STATEMENT, [])).toEqual([{ of: "primary" }]);
    const ending = new AbortController();
    ending.abort(new Error("hung up"));
    expect(await engine.within(undefined, ending.signal).query(STATEMENT, [])).toEqual([{ of: "primary" }]);
  });
});
