import { fanOutSuite } from "../../core/test/support/fan-out.js";
import { createConsumer, createRelay } from "../src/index.js";
import { connection, missing, title, wipe } from "./redis-server.js";

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
