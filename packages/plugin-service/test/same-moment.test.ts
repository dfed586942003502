import { createCrm, crmCore, systemClock } from "@corm/core";
import { knexStorage } from "@corm/core/knex";
import { service } from "@corm/plugin-service";
import { describe, expect, it } from "vitest";
import { suiteName } from "../../core/test/support/databases.js";
import { reuse } from "../../core/test/support/reused.js";
import { letter, MAILBOX } from "./support.js";

const reused = reuse();

for (const database of reused) {
  describe.skipIf(!database.available)(suiteName(database), () => {
    const open = async (url: string) => {
      const crm = await createCrm({
        storage: knexStorage({ url }),
        plugins: [crmCore(), service({ maxMailsPerHour: 1000 })],
        clock: systemClock,
      });
      const me = crm.as({ actor: { kind: "user", id: "mx" }, tenant: "acme", roles: ["admin"] });
      await me.entities.mailbox.createMany([{ address: MAILBOX }, { address: "sales@corm.example" }]);
      return { crm, me };
    };

    it("makes one message of one mail that comes eight times at once, to two mailboxes", async () => {
      const { url, drop } = await database.create();
      const { crm, me } = await open(url);
      try {
        const raw = letter({ id: "same@x.example" });
        const got = await Promise.all(
          Array.from({ length: 8 }, (_, i) =>
            me.entities.ticket.receiveEmail({ raw, mailbox: i % 2 ? MAILBOX : "sales@corm.example" }),
          ),
        );
        expect(got.filter(({ outcome }) => outcome === "opened")).toHaveLength(1);
        expect(got.filter(({ outcome }) => outcome === "duplicate")).toHaveLength(7);
        expect(new Set(got.map(({ id }) => id)).size).toBe(1);
        expect(await me.entities.ticketMessage.count()).toBe(1);
        expect(await me.entities.ticket.count()).toBe(1);
        expect(await me.entities.contact.count()).toBe(1);
      } finally {
        await crm.stop();
        await drop();
      }
    });

    it("J85 numbers tickets without gaps and makes one contact of a sender who writes twice at once", async () => {
      const { url, drop } = await database.create();
      const { crm, me } = await open(url);
      try {
        await Promise.all(
          Array.from({ length: 8 }, (_, i) =>
            me.entities.ticket.receiveEmail({ raw: letter({ id: `${i}@x.example` }), mailbox: MAILBOX }),
          ),
        );
        const { items } = await me.entities.ticket.find({ orderBy: ["number"] });
        expect(items.map(({ number }) => number)).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
        expect(await me.entities.contact.count()).toBe(1);
      } finally {
        await crm.stop();
        await drop();
      }
    });

    it("keeps mail byte for byte, in pieces, and text of every script", async () => {
      const { url, drop } = await database.create();
      const { crm, me } = await open(url);
      try {
        const body = `你好 🔥 Łódź\r\n${"0123456789abcdef".repeat(100_000)}`;
        const raw = Buffer.from(letter({ body, headers: ["Content-Type: text/plain; charset=utf-8"] }));
        const got = await me.entities.ticket.receiveEmail({
          raw: raw.toString("base64"),
          encoding: "base64",
          mailbox: MAILBOX,
        });
        const message = await me.entities.ticketMessage.get(got.id);
        expect(message.text?.slice(0, 12)).toBe("你好 🔥 Łódź\n0");
        const route = service().parts.routes?.find(({ method }) => method === "GET");
        const answer = await route!.handle({ params: { id: got.id } } as never, { ctx: me } as never);
        expect(Buffer.from(await answer.arrayBuffer()).equals(raw)).toBe(true);
      } finally {
        await crm.stop();
        await drop();
      }
    });
  });
}
