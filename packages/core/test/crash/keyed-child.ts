import { createCrm } from "@corm/core";
import { createHttp } from "@corm/core/http";
import { knexStorage } from "@corm/core/knex";
import { keyed, secret } from "./keyed.js";
import { withCompanions } from "./plugin.js";

/** Sends itself requests with idempotency keys until it is killed; prints each key before, and with its answer after. */
const [url = ""] = process.argv.slice(2);
const crm = await createCrm({ storage: knexStorage({ url }), plugins: [withCompanions()], secret });
const http = createHttp(crm, {
  authenticate: () => ({ actor: { kind: "user", id: "u" }, tenant: "crash", roles: ["admin"] }),
});

async function sender(name: string): Promise<never> {
  for (let n = 0; ; n++) {
    const key = `${name}-${n}`;
    process.stdout.write(`sent ${key}\n`);
    const answer = await http.request(...keyed(key));
    process.stdout.write(
      `answered ${key} ${answer.status} ${((await answer.json()) as { id: string }).id}\n`,
    );
  }
}

process.stdout.write("ready\n");
await Promise.all(["w", "x", "y", "z"].map((name) => sender(`${process.pid}${name}`)));
