import { crmCore } from "@corm/core";
import { createHttp } from "@corm/core/http";
import { knexStorage } from "@corm/core/knex";
import { createTestCrm } from "@corm/core/testing";
import { describe, expect, test } from "vitest";
import { databases, suiteName } from "../../core/test/support/databases.js";
import { leads } from "../src/index.js";
import { contactForm } from "./leads-crm.js";

for (const database of databases) {
  describe.skipIf(!database.available)(suiteName(database), () => {
    async function open() {
      const { url, drop } = await database.create();
      const { crm, me, clock } = await createTestCrm({
        plugins: [crmCore(), leads({ perAddressPerMinute: 1000 })],
        storage: knexStorage({ url }),
      });
      const fields = contactForm.fields.map((field) => ({ ...field, required: false }));
      await me.entities.captureForm.create({ ...contactForm, fields });
      const http = createHttp(crm);
      const post = async (body: object) => {
        const headers = { "content-type": "application/json" };
        const request = { method: "POST", headers, body: JSON.stringify(body) };
        return (await http.request("/public/forms/contact", request)).status;
      };
      const token = async () => {
        const form = (await (await http.request("/public/forms/contact")).json()) as { token: string };
        return form.token;
      };
      const close = async () => {
        await crm.stop();
        await drop();
      };
      return { me, clock, post, token, close };
    }
    const times = <T>(count: number, work: () => Promise<T>) =>
      Promise.all(Array.from({ length: count }, work));

    test("one submission posted many times is one lead with one touchpoint", async () => {
      const { me, clock, post, token, close } = await open();
      try {
        const _token = await token();
        clock.advance(5_000);
        // Without an e-mail, nothing but the submission's id tells that it is the same.
        const body = { lastName: "Ada", _token };
        expect(new Set(await times(12, () => post(body)))).toEqual(new Set([202]));
        expect(await me.entities.captureSubmission.count()).toBe(1);
        expect(await me.entities.lead.count()).toBe(1);
        expect(await me.entities.touchpoint.count()).toBe(1);
      } finally {
        await close();
      }
    });

    test("one person in many submissions is one lead with a touchpoint for each", async () => {
      const { me, clock, post, token, close } = await open();
      try {
        const tokens = await times(12, token);
        clock.advance(5_000);
        const person = { lastName: "Ada", email: "ada@example.com" };
        await Promise.all(tokens.map((_token) => post({ ...person, _token })));
        expect(await me.entities.lead.count()).toBe(1);
        expect(await me.entities.touchpoint.count()).toBe(12);
      } finally {
        await close();
      }
    });

    test("J83 conversions and releases have one result", async () => {
      const { me, post, close } = await open();
      try {
        const lead = await me.entities.lead.create({ lastName: "Ada", company: "Engines" });
        const converted = await times(8, () => me.entities.lead.convert(lead.id));
        expect(new Set(converted.map((result) => JSON.stringify(result))).size).toBe(1);
        expect(await me.entities.contact.count()).toBe(1);
        expect(await me.entities.account.count()).toBe(1);

        await post({ lastName: "Bob", email: "bob@example.com" });
        const [held] = (await me.entities.captureSubmission.find()).items;
        const released = await times(8, () => me.entities.captureSubmission.release(held!.id));
        expect(new Set(released.map(({ leadId }) => leadId)).size).toBe(1);
        expect(await me.entities.lead.count()).toBe(2);
      } finally {
        await close();
      }
    });
  });
}
