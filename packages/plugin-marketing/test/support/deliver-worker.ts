/** A process that delivers mailings from a database file; the test kills it. `deliver-worker.ts <file> <port>` */
import { createCrm, crmCore } from "@corm/core";
import { sqlite } from "@corm/core/knex";
import { mailings, marketing } from "../../src/index.js";

const [file = "", port = ""] = process.argv.slice(2);
const crm = await createCrm({
  storage: sqlite(file),
  tenant: "test",
  secret: "a secret of tests, forty characters long",
  plugins: [
    crmCore(),
    marketing({
      smtp: { host: "127.0.0.1", port: Number(port), connections: 2, timeoutSeconds: 30 },
      from: { address: "news@acme.example" },
      publicUrl: "https://crm.acme.example",
      delivery: "manual",
    }),
  ],
});
await crm.system({ tenant: "test", reason: "deliver" }).service(mailings).deliver();
await crm.stop();
