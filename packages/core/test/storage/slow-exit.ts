import type { AggregateSpec } from "../../src/storage/adapter.js";
import { sqlite } from "../../src/storage/knex/index.js";
import { fixtureSchema } from "../../src/testing/storage-conformance/fixtures.js";

/** An app that ends while a slow read goes on. */
const { path, how } = JSON.parse(process.argv[2] as string) as { path: string; how: string };
const slow: AggregateSpec = {
  table: "account",
  where: { op: "match", column: "name", how: "contains", text: "many", caseSensitive: false },
  groupBy: [],
  measures: [{ as: "n", fn: "count" }],
  orderBy: [],
  limit: 1,
};
const storage = sqlite(path);
await storage.open(fixtureSchema);
await storage.aggregate(slow);
await storage.aggregate(slow);
if (how === "idle") {
  process.stdout.write("reading\n");
  await storage.close();
  process.exit(0);
}
const reading = storage.aggregate(slow);
process.stdout.write("reading\n");
await new Promise((resolve) => setTimeout(resolve, 10));
if (how === "throw") throw new Error("the app has failed");
if (how === "exit") process.exit(0);
await storage.close();
await reading.catch(() => undefined);
