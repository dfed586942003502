import { bullmqJobs } from "@corm/bullmq";
import {
  type AnyPlugin,
  after,
  type Crm,
  contact,
  createCrm,
  crmCore,
  defineEntity,
  defineJob,
  definePlugin,
  Type,
} from "@corm/core";
import { knexStorage } from "@corm/core/knex";
import { redisCache } from "@corm/redis";
import { Redis } from "ioredis";

export const TENANT = "acme";

/** What every process of the cluster is told, as JSON in its environment. */
export interface ClusterSettings {
  readonly database: string;
  readonly redis: string;
  /** Begins all keys in Redis. */
  readonly prefix: string;
  /** Who may sign what others have signed. */
  readonly secret: string;
}

export const readSettings = (): ClusterSettings =>
  JSON.parse(process.env["CLUSTER"] as string) as ClusterSettings;

/** One for each contact that was greeted: two would be one too many. */
export const greeting = defineEntity("greeting", {
  fields: { contactId: Type.String({ maxLength: 40 }), worker: Type.Integer() },
  indexes: [["contactId"]],
});

const greet = defineJob("cluster.greet", {
  input: Type.Object({ contactId: Type.String() }),
  transactional: true,
  lease: 3000,
  run: async (ctx, { contactId }) => {
    await ctx.repo(greeting).create({ contactId, worker: process.pid });
  },
});

const cluster = definePlugin({
  name: "cluster",
  version: "1.0.0",
  corm: "^0.1",
  requires: { crm: "^0.1" },
  setup: () => ({
    entities: { greeting },
    jobs: [greet],
    hooks: [
      after(contact, "create", { name: "cluster.greetLater" }, async (batch, ctx) => {
        await ctx.jobs.enqueueMany(
          greet,
          batch.map(({ row }) => ({ input: { contactId: row.id } })),
        );
      }),
    ],
  }),
});

export interface Opened {
  readonly crm: Crm<AnyPlugin[]>;
  readonly redis: Redis;
  stop(): Promise<void>;
}

/** The same app in every process: those that serve, and those that work. */
export async function openApp({ database, redis: url, prefix, secret }: ClusterSettings): Promise<Opened> {
  const redis = new Redis(url, { commandTimeout: 1000, maxRetriesPerRequest: 1 });
  redis.on("error", () => {});
  const crm = await createCrm<AnyPlugin[]>({
    storage: knexStorage({ url: database, pool: { min: 0, max: 8 } }),
    plugins: [crmCore() as AnyPlugin, cluster()],
    tenant: TENANT,
    secret,
    cache: redisCache(redis, { prefix: `${prefix}:cache` }),
    jobs: { engine: bullmqJobs({ redis: { url, prefix: `${prefix}:jobs` } }) },
  });
  return {
    crm,
    redis,
    async stop() {
      await crm.stop();
      redis.disconnect();
    },
  };
}
