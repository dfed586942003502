import { always } from "../../../src/storage/filter.js";
import { knexStorage } from "../../../src/storage/knex/index.js";
import { fixtureSchema, id } from "../../../src/testing/storage-conformance/fixtures.js";
import { find } from "../../../src/testing/storage-conformance/suite.js";

/** A process of its own: `child.ts <task> <url>`. It prints a line for each thing done. */
const [task, url = ""] = process.argv.slice(2);
const storage = knexStorage({ url });
const say = (line: string): void => void process.stdout.write(`${line}\n`);

switch (task) {
  case "increment": {
    await storage.open(fixtureSchema);
    for (let turn = 0; turn < 100; turn += 1) {
      await storage.transaction(async (tx) => {
        const [row] = await find(tx, "counter", ["n"], always, { lock: "update", limit: 1 });
        await tx.updateWhere("counter", always, { n: (row?.["n"] as number) + 1 });
      });
    }
    say("done");
    break;
  }
  case "write": {
    await storage.open(fixtureSchema);
    for (let number = 1; ; number += 1) {
      await storage.insertMany("counter", [{ id: id(number), n: number, version: 1 }]);
      say(String(number));
    }
  }
  case "lock": {
    await storage.schema.withLock(async () => {
      say("locked");
      await new Promise((resolve) => setTimeout(resolve, 60_000));
    });
  }
}
await storage.close();
