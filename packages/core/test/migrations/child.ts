import { createCrm } from "@corm/core";
import { knexStorage } from "@corm/core/knex";
import { toys } from "../support/toys.js";

/** A process of its own that starts a CRM, prints what its secret signs, and stops. */
const [url = ""] = process.argv.slice(2);
if (process.env["CORM_TEST_SIGNAL"]) process.stdout.write("starting\n");
const crm = await createCrm({ storage: knexStorage({ url }), plugins: [toys()] });
const me = crm.system({ tenant: "t", reason: "test" });
await me.entities.thing.create({ title: String(process.pid) });
process.stdout.write(`${me.tokens.sign("who", "ami")}\n`);
await crm.stop();
