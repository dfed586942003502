import { createPostgresBackend } from "bullmq";
import { LOCK_MS } from "./lock.js";
import type { Store } from "./store.js";

export interface PostgresOptions {
  /** `postgres://user@host/database`; may be the app's own. */
  readonly url: string;
  /** Where BullMQ makes its tables, at the first start. Default `bullmq`. */
  readonly schema?: string;
}

/** Without wake-ups of its own: other processes find jobs by looking, as with jobs that the database hands out. */
export function openPostgres(
  { url, schema = "bullmq" }: PostgresOptions,
  report: (error: unknown) => void,
): Store {
  const root = createPostgresBackend("root", {
    connection: { connectionString: url, schema, migrate: true },
    ...{ lockDuration: LOCK_MS },
  });
  root.on("error", report);
  return {
    name: "bullmq on postgres",
    prefix: schema,
    async backend(queue) {
      await root.waitUntilReady();
      return root.forQueue(queue);
    },
    wake() {},
    onWake() {},
    close: () => root.close(),
  };
}
