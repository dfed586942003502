import { createCrm } from "@corm/core";
import { knexStorage } from "@corm/core/knex";
import { seededRandom } from "../../src/util/random-bytes.js";
import { toys } from "../support/toys.js";

/** One of several writers: `[url, name, writes, box, seed]` as JSON. Transactions stay open for random times. */
const [url, name, writes, box, seed] = JSON.parse(process.argv[2] ?? "[]") as [
  string,
  string,
  number,
  string,
  number,
];
const random = seededRandom(seed);
const crm = await createCrm({
  storage: knexStorage({ url, pool: { min: 0, max: 4 } }),
  plugins: [toys()],
  migrate: "off",
});
const me = crm.system({ tenant: "busy", reason: name });
const pause = (most: number) =>
  new Promise((resolve) => setTimeout(resolve, ((random(1)[0] as number) / 256) * most));

async function writer(lane: number): Promise<void> {
  for (let n = 0; n < writes; n++) {
    await me.transaction(async (tx) => {
      await tx.entities.thing.createMany([
        { title: `${name} ${lane} ${n} a` },
        { title: `${name} ${lane} ${n} b` },
      ]);
      // Longer than the reader's polls: entries of others overtake these.
      await pause(n % 4 === 0 ? 120 : 5);
    });
    // All writers meet at one record.
    if (n % 5 === 0) {
      await me.transaction(async (tx) => {
        const { version } = await tx.entities.box.get(box, { lock: true });
        await tx.entities.box.update(box, { label: `${version} ${name} ${lane}` });
        await pause(10);
      });
    }
  }
}

process.stdout.write("ready\n");
await Promise.all(Array.from({ length: 4 }, (_, lane) => writer(lane)));
process.stdout.write("done\n");
await crm.stop();
