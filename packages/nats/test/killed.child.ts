import { contact, createCrm, crmCore } from "@corm/core";
import { knexStorage } from "@corm/core/knex";
import { createConsumer, createRelay } from "../src/index.js";
import { connectNats } from "./nats-server.js";

/** Relays and consumes until it is killed: a contact for every account. */
const [url = "", name = ""] = (process.argv[2] ?? "").split(" ");
const crm = await createCrm({ storage: knexStorage({ url }), plugins: [crmCore()] });
const nats = await connectNats();
const common = { nats, name, partitions: 4 };
const relay = createRelay(crm, {
  ...common,
  tenants: () => ["test"],
  groups: ["copy"],
  where: ({ entity }) => entity === "account",
  interval: 20,
  lease: 500,
});
const consumer = createConsumer(crm, {
  ...common,
  group: "copy",
  lease: 500,
  interval: 20,
  handle: async (entries, tx) => {
    await tx
      .repo(contact)
      .createMany(entries.map(({ id, record }) => ({ lastName: record as string, externalId: id })));
  },
});
relay.start();
consumer.start();
process.stdout.write("ready\n");
