import { type AnyPlugin, createSubscriber, defineEntity, definePlugin, Type } from "@corm/core";
import { createConsumer, createRelay } from "@corm/redis";
import { Broker, clientOf } from "../fake-redis.js";
import type { App, Play, Scenario } from "../scenario.js";
import { type Process, Violation, type World } from "../world.js";
import { fault } from "./fault.js";

const thing = defineEntity("thing", { fields: { count: Type.Integer() } });
/** What readers leave behind: one for each entry that they were given. */
const seen = defineEntity("seen", {
  fields: {
    reader: Type.String({ maxLength: 20 }),
    entry: Type.String({ maxLength: 40 }),
    record: Type.String({ maxLength: 40 }),
    position: Type.Integer(),
    place: Type.Integer(),
  },
});

const WANTED = 25;
const MOST = 400;
const TENANTS = ["a", "b"];
const GROUPS = ["search", "mail"];
const LEASE = 2000;

/** The journal, brought to subscribers, and over a broker that loses things to groups of consumers: each entry once, in order. */
export const events: Scenario = { name: "events", processes: 2, play: playOf };

function playOf(world: World): Play {
  const broker = new Broker();
  let begun = 0;
  let place = 0;
  let isLossy = true;
  let older = broker.snapshot();
  const things: { id: string; tenant: string }[] = [];
  const session = (crm: App, tenant: string) =>
    crm.as({ actor: { kind: "user", id: "sim" }, tenant, roles: ["admin"] });

  function plugins(): AnyPlugin[] {
    return [
      definePlugin({
        name: "sim",
        version: "1.0.0",
        corm: "^0.1",
        setup: () => ({ entities: { thing, seen } }),
      })(),
    ];
  }

  async function request(crm: App): Promise<void> {
    begun += 1;
    const known = world.chance.is(0.5) && things.length > 0 ? world.chance.pick(things) : undefined;
    const me = session(crm, known?.tenant ?? world.chance.pick(TENANTS));
    await me.transaction(async (tx) => {
      if (known) await tx.repo(thing).update(known.id, { count: begun });
      else things.push({ id: (await tx.repo(thing).create({ count: begun })).id, tenant: me.tenant });
      if (world.chance.is(0.1)) {
        if (!known) things.pop();
        throw fault("changed its mind");
      }
    });
  }

  /** The broker loses all, or what came last. */
  async function lose(): Promise<void> {
    if (!isLossy) return;
    if (world.chance.is(0.15)) {
      world.note("Redis loses everything");
      broker.wipe();
    } else if (world.chance.is(0.3)) {
      world.note("Redis loses what came last");
      older();
    } else older = broker.snapshot();
  }

  const leave =
    (reader: string) =>
    async (
      entries: readonly { id: string; record: string | null; entity: string | null; position: number }[],
      tx: never,
    ) => {
      for (const { id, record, entity, position } of entries) {
        if (entity !== thing.name) continue;
        place += 1;
        const row = { reader, entry: id, record: record as string, position, place };
        await (tx as ReturnType<typeof session>).repo(seen).create(row);
      }
      if (isLossy && world.chance.is(0.05)) throw fault("a reader failed");
    };

  function readers(crm: App, process: Process) {
    const redis = clientOf(world, process, broker, () => isLossy);
    const common = { redis, name: "sim", partitions: 2, lease: LEASE };
    const relay = createRelay(crm, {
      ...common,
      tenants: () => TENANTS,
      groups: GROUPS,
      where: ({ entity }) => entity === thing.name,
    });
    const consumers = GROUPS.map((group) =>
      createConsumer(crm, { ...common, group, batch: 5, attempts: 1_000_000, handle: leave(group) as never }),
    );
    const subscribers = TENANTS.map((tenant) =>
      createSubscriber(crm, {
        name: "direct",
        tenant,
        lease: LEASE,
        batch: 5,
        handle: leave("direct") as never,
      }),
    );
    return { relay, consumers, subscribers };
  }

  return {
    plugins,
    fibers(crm, process) {
      const { relay, consumers, subscribers } = readers(crm, process);
      return [
        { name: "serve", act: () => (begun < MOST ? request(crm) : Promise.resolve()) },
        { name: "publish", act: () => relay.run() },
        ...consumers.map((consumer, i) => ({ name: `consume for ${GROUPS[i]}`, act: () => consumer.run() })),
        ...subscribers.map((subscriber, i) => ({ name: `read ${TENANTS[i]}`, act: () => subscriber.run() })),
        ...(process.name.startsWith("p0") ? [{ name: "lose", act: lose }] : []),
      ];
    },
    isOver: () => begun >= WANTED,
    async finish(crm) {
      isLossy = false;
      const { relay, consumers, subscribers } = readers(crm, world.processes[0] as Process);
      world.pass(30_001);
      let done = await relay.run();
      for (const { run } of [...consumers, ...subscribers]) done += await run();
      return done > 0;
    },
    async check(crm) {
      for (const tenant of TENANTS) {
        const me = session(crm, tenant);
        const wanted = new Map<string, number>();
        for (let after: string | null = null; ; ) {
          const { items, next } = await me.changes({ after, limit: 500 });
          for (const { id, entity } of items) if (entity === thing.name) wanted.set(id, wanted.size);
          if (items.length === 0) break;
          after = next;
        }
        const left: { reader: string; entry: string; record: string; position: number; place: number }[] = [];
        for await (const row of me.repo(seen).stream({})) left.push(row);
        for (const reader of ["direct", ...GROUPS]) {
          const own = left.filter((row) => row.reader === reader).sort((a, b) => a.place - b.place);
          const entries = own.map(({ entry }) => entry);
          if (new Set(entries).size < entries.length)
            throw new Violation(`${reader} was given an entry twice`);
          const lost = [...wanted.keys()].filter((id) => !entries.includes(id));
          if (lost.length > 0)
            throw new Violation(`${reader} was not given ${lost.length} of ${wanted.size} entries`);
          for (const record of new Set(own.map((row) => row.record))) {
            const positions = own.filter((row) => row.record === record).map(({ position }) => position);
            if (positions.some((position, i) => i > 0 && position < (positions[i - 1] as number)))
              throw new Violation(`${reader} was given entries of a record out of order`);
          }
        }
      }
    },
  };
}
