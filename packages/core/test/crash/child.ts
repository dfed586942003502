import { createCrm } from "@corm/core";
import { knexStorage } from "@corm/core/knex";
import { withCompanions } from "./plugin.js";

/** Writes until it is killed, and prints the title of every record whose write was acknowledged. */
const [url = ""] = process.argv.slice(2);
const crm = await createCrm({ storage: knexStorage({ url }), plugins: [withCompanions()] });
const me = crm.system({ tenant: "crash", reason: "test" });

async function writer(name: string): Promise<never> {
  for (let n = 0; ; n++) {
    const titles = [`${name}-${n}-a`, `${name}-${n}-b`, `${name}-${n}-c`];
    await me.transaction(async (tx) => {
      await tx.entities.thing.create({ title: titles[0] as string });
      await tx.entities.thing.createMany(titles.slice(1).map((title) => ({ title })));
    });
    process.stdout.write(`${titles.join(" ")}\n`);
  }
}

process.stdout.write("ready\n");
await Promise.all(["w", "x", "y", "z"].map((name) => writer(`${process.pid}${name}`)));
