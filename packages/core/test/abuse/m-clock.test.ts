import { setTimeout as sleep } from "node:timers/promises";
import { crmCore, issueApiKey } from "@corm/core";
import { createHttp } from "@corm/core/http";
import { expect, it } from "vitest";
import { onEngines } from "../http/support/on-engines.js";
import { parcel } from "../http/support/parcels.js";
import { onDatabases } from "../support/apps.js";
import { programmable } from "../support/program.js";
import { thing } from "../support/toys.js";
import { stored } from "./support/written.js";

const { program, plugin } = programmable();
const HOUR = 60 * 60 * 1000;

onDatabases({ plugins: [crmCore(), plugin] }, (app) => {
  it.each([HOUR, -HOUR, 24 * HOUR, -24 * HOUR])(
    "M102 the wall clock jumps by %i ms while a request with a key runs: one effect, and one answer",
    async (jump) => {
      const { crm, clock } = app();
      const me = app().fresh();
      const { key } = await issueApiKey(me, { name: "clock", roles: ["admin"] });
      const http = createHttp(crm, { tenants: [me.tenant] });
      const post = () =>
        http.request("/api/things", {
          method: "POST",
          headers: {
            authorization: `Bearer ${key}`,
            "content-type": "application/json",
            "idempotency-key": "once",
          },
          body: JSON.stringify({ title: "A" }),
        });
      let going = (): void => {};
      let begun = (): void => {};
      const started = new Promise<void>((resolve) => {
        begun = resolve;
      });
      const gate = new Promise<void>((resolve) => {
        going = resolve;
      });
      program.beforeCreate = async () => {
        delete program.beforeCreate;
        begun();
        await gate;
      };
      const first = post();
      await started;
      clock.set(new Date(clock.now() + jump).toISOString());
      const twin = post();
      // The twin may take the key over, and be done first. Where there is one writer only, it waits for the other.
      await Promise.race([twin, sleep(500)]);
      going();
      const answers = await Promise.all([first, twin]);
      const statuses = answers.map(({ status }) => status);
      expect(statuses.filter((status) => status === 201 || status === 409)).toHaveLength(2);
      expect(statuses).toContain(201);
      expect(await me.repo(thing).count()).toBe(1);
      const [one] = (await me.repo(thing).find()).items;
      const again = await post();
      expect([again.status, ((await again.json()) as { id: string }).id]).toEqual([201, one?.id]);
      expect(await me.repo(thing).count()).toBe(1);
    },
  );
});

onEngines((started) => {
  it("M103 a date is the day that was written, whatever the zone, or it is refused", async () => {
    const api = started();
    let made = 0;
    const post = (fields: object) =>
      api.call("POST", "/api/parcels", { body: { code: `M${++made}`, ...fields } });
    for (const dueOn of [
      "2024-02-29",
      "2000-02-29",
      "0001-01-01",
      "1582-10-10",
      "2026-03-29",
      "2026-10-25",
      "9999-12-31",
    ]) {
      const { status, body, text } = await post({ dueOn });
      expect([status, body["dueOn"]], text).toEqual([201, dueOn]);
      const found = await api.call("GET", `/api/parcels?fields=dueOn&filter[dueOn]=${dueOn}`);
      expect(found.body["data"], dueOn).toEqual([{ dueOn }]);
    }
    const before = await stored(api.crm);
    for (const dueOn of [
      "2026-02-29",
      "1900-02-29",
      "0000-01-01",
      "10000-01-01",
      "+010000-01-01",
      "2026-1-1",
      "2026-04-31",
      "2026-01-01T00:00:00Z",
      "20260101",
      "",
    ])
      expect((await post({ dueOn })).status, dueOn).toBe(422);
    for (const sentAt of [
      "2026-12-31T23:59:60Z",
      "2026-01-01T24:00:00Z",
      "2026-01-01T00:60:00Z",
      "+010000-01-01T00:00:00Z",
      "2026-01-01T00:00:00+25:00",
      "2026-01-01",
    ])
      expect((await post({ sentAt })).status, sentAt).toBe(422);
    expect(await stored(api.crm)).toBe(before);
    // An instant keeps its moment, and not its zone.
    const { body } = await post({ sentAt: "2026-03-29T03:30:00+02:00" });
    expect(body["sentAt"]).toBe("2026-03-29T01:30:00.000Z");
  });

  it("B26 ids tell nothing: they are of the time and of chance, and one more than an id is none", async () => {
    const api = started();
    const ids: string[] = [];
    for (let n = 0; n < 20; n++)
      ids.push(
        (
          await api
            .inTenant("other")
            .repo(parcel)
            .create({ code: `B26-${n}` })
        ).id,
      );
    for (const id of ids)
      expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    // The random part does not count on.
    expect(new Set(ids.map((id) => id.slice(24, 30))).size).toBeGreaterThan(15);
    for (const id of ids.slice(0, 3)) {
      const last = Number.parseInt(id.slice(-6), 16);
      for (const guess of [last, last + 1, last - 1]) {
        const guessed = `${id.slice(0, -6)}${guess.toString(16).padStart(6, "0").slice(-6)}`;
        await api.fails(404, "not-found", "GET", `/api/parcels/${guessed}`);
      }
    }
    for (const id of ["1", "2", "B26-1", "0", "-1"])
      await api.fails(404, "not-found", "GET", `/api/parcels/${id}`);
  });
});
