import { crmCore, type SubscribedEntry } from "@corm/core";
import { createTestCrm } from "@corm/core/testing";
import { jetstream, jetstreamManager, type StoredMsg } from "@nats-io/jetstream";
import { expect, it } from "vitest";
import { fanOutSuite } from "../../core/test/support/fan-out.js";
import { createConsumer, createRelay } from "../src/index.js";
import { namesOf } from "../src/names.js";
import { connection, freshName, missing, title, wipe } from "./nats-server.js";

const nats = await connection();

/** All messages of a stream, oldest first. */
async function messagesOf(stream: string): Promise<StoredMsg[]> {
  const jsm = await jetstreamManager(nats);
  const { state } = await jsm.streams.info(stream);
  const found: StoredMsg[] = [];
  for (let seq = state.first_seq; seq <= state.last_seq; seq++) {
    const message = seq > 0 ? await jsm.streams.getMessage(stream, { seq }) : null;
    if (message) found.push(message);
  }
  return found;
}

fanOutSuite({
  title,
  missing,
  createRelay: (crm, options) => createRelay(crm, { nats, ...options }),
  createConsumer: (crm, options) => createConsumer(crm, { nats, ...options }),
  wipe: (name) => wipe(nats, name),
  length: async (name) =>
    (await messagesOf(namesOf(name).stream))
      .map((message) => message.json<{ entries?: unknown[] }>().entries?.length ?? 0)
      .reduce((sum, each) => sum + each, 0),
  dead: async (name) => (await messagesOf(namesOf(name).deadStream)).map((message) => message.string()),
  cursor: (name) => `nats:${name}`,
  small: 1000,
  keepsTenantsApart: false,
});

it.skipIf(missing)("begins anew where the end was lost, with another generation of subjects", async () => {
  const { crm, me, errors } = await createTestCrm({ plugins: [crmCore()] });
  const name = freshName();
  const common = { nats, name, partitions: 2 };
  const where = ({ entity }: SubscribedEntry) => entity === "account";
  const relay = createRelay(crm, { ...common, tenants: () => ["test"], groups: ["copy"], where });
  const seen: string[] = [];
  const consumer = createConsumer(crm, {
    ...common,
    group: "copy",
    handle: async (entries) => void seen.push(...entries.map(({ record }) => record as string)),
  });
  try {
    const first = await me.entities.account.create({ name: "a" });
    await relay.run();
    const second = await me.entities.account.create({ name: "b" });
    await relay.run();
    const jsm = await jetstreamManager(nats);
    const { stream } = namesOf(name);
    const { config } = await jsm.streams.info(stream);
    const [, before, lost] = await messagesOf(stream);
    await jsm.streams.deleteMessage(stream, lost?.seq ?? 0);
    await jetstream(nats).publish(before?.subject ?? "", before?.data);
    await relay.run();
    await consumer.run();
    expect(seen).toEqual([first.id, second.id]);
    expect(errors.map(String)).toEqual([expect.stringContaining("has lost what came after")]);
    expect((await jsm.streams.info(stream)).config.subjects).not.toEqual(config.subjects);
  } finally {
    await wipe(nats, name);
    await crm.stop();
  }
});

it.skipIf(missing)(
  "lets relays of several processes take turns, each after what the other published and dropped",
  async () => {
    const { crm, me, errors } = await createTestCrm({ plugins: [crmCore()] });
    const name = freshName();
    const common = { nats, name, partitions: 1 };
    const where = ({ entity }: SubscribedEntry) => entity === "account";
    const relays = [0, 1].map(() =>
      createRelay(crm, { ...common, tenants: () => ["test"], groups: ["copy"], where }),
    );
    const seen: string[] = [];
    const consumer = createConsumer(crm, {
      ...common,
      group: "copy",
      handle: async (entries) => void seen.push(...entries.map(({ record }) => record as string)),
    });
    try {
      const made: string[] = [];
      // Publishes, publishes, drops what the other published last: in every order.
      for (const turn of [0, 1, 1, 0, 1, 0, 0, 1, 0, 1]) {
        made.push((await me.entities.account.create({ name: `a${turn}` })).id);
        await relays[turn]?.run();
        await consumer.run();
        await relays[1 - turn]?.run();
      }
      expect(seen).toEqual(made);
      expect(errors).toEqual([]);
    } finally {
      await wipe(nats, name);
      await crm.stop();
    }
  },
);
