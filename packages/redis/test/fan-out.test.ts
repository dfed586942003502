import { crmCore, type SubscribedEntry } from "@corm/core";
import { createTestCrm } from "@corm/core/testing";
import { expect, it } from "vitest";
import { fanOutSuite } from "../../core/test/support/fan-out.js";
import { createConsumer, createRelay } from "../src/index.js";
import { connection, freshName, missing, title, wipe } from "./redis-server.js";

const redis = connection();

fanOutSuite({
  title,
  missing,
  createRelay: (crm, options) => createRelay(crm, { redis, ...options }),
  createConsumer: (crm, options) => createConsumer(crm, { redis, ...options }),
  wipe: (name) => wipe(redis, name),
  length: async (name) => {
    const lengths = await Promise.all([0, 1, 2].map((p) => redis.xlen(`{corm:${name}}:${p}`)));
    return lengths.reduce((sum, each) => sum + each, 0);
  },
  dead: async (name, group) =>
    (await redis.xrange(`{corm:${name}}:0:dead:${group}`, "-", "+")).map(([, fields]) => fields.join(" ")),
  cursor: (name) => `redis:${name}`,
  small: 2,
  keepsTenantsApart: true,
});

it.skipIf(missing)("does not take for done what the broker loses while it is looked at", async () => {
  const app = await createTestCrm({ plugins: [crmCore()] });
  const name = freshName();
  const common = { name, partitions: 3 };
  /** Emptied as soon as it has answered how far was published. */
  const emptied = new Proxy(redis, {
    get(target, key) {
      const value: unknown = Reflect.get(target, key);
      if (typeof value !== "function") return value;
      const call = value.bind(target) as (...args: unknown[]) => unknown;
      const thenWiped = async (answer: unknown) => {
        const answered = await answer;
        await wipe(redis, name);
        return answered;
      };
      if (key === "hmget") return (...args: unknown[]) => thenWiped(call(...args));
      if (key !== "multi") return call;
      return () => {
        const many = redis.multi();
        const exec = many.exec.bind(many);
        many.exec = (() => thenWiped(exec())) as typeof many.exec;
        return many;
      };
    },
  });
  const relay = (connected: typeof redis) =>
    createRelay(app.crm, { ...common, redis: connected, tenants: () => ["test"], groups: ["copy"] });
  try {
    const made = await app.me.entities.account.createMany([{ name: "a" }, { name: "b" }, { name: "c" }]);
    await relay(emptied).run();
    expect(await redis.keys(`{corm:${name}}:*`)).toEqual([]);
    await relay(redis).run();
    const seen: string[] = [];
    const handle = async (entries: readonly SubscribedEntry[]) =>
      void seen.push(...entries.map(({ record }) => record as string));
    await createConsumer(app.crm, { ...common, redis, group: "copy", handle }).run();
    expect(seen.sort()).toEqual(made.map(({ id }) => id).sort());
  } finally {
    await wipe(redis, name);
    await app.crm.stop();
  }
});
