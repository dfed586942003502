import { contact, crmCore, defineRole, duplicatePair, exportRecords, visibleEntries } from "@corm/core";
import { createHttp } from "@corm/core/http";
import { createTestCrm } from "@corm/core/testing";
import { expect, test } from "vitest";
import { databases, storageAt } from "../support/databases.js";
import { reuse } from "../support/reused.js";

/** May read all pairs and what is about them, as far as his role goes; of contacts only his own. */
const seller = defineRole({
  name: "seller",
  entities: {
    contact: { read: "own", update: "own" },
    duplicatePair: { read: "all", update: "all", delete: "all", purge: "all", export: true, bulk: true },
  },
});

test.each(reuse(databases))(
  "whoever may not read both records has no way to their pair: $name",
  async (database) => {
    if (!database.available) return;
    const { url, drop } = await database.create();
    const app = await createTestCrm({ plugins: [crmCore()], roles: [seller], storage: storageAt(url) });
    const owner = await app.me.entities.user.create({ name: "S", email: "s@example.com" } as never);
    const people = await app.me
      .repo(contact)
      .createMany([
        { lastName: "Mine", ownerId: owner.id },
        { lastName: "Mine too", ownerId: owner.id },
        { lastName: "Theirs" },
        { lastName: "Theirs too" },
      ]);
    const [a, b, c, d] = people.map(({ id }) => id) as [string, string, string, string];
    const system = app.crm.system({ tenant: "test", reason: "pairs of a test" });
    const pairOf = (x: string, y: string) =>
      system.repo(duplicatePair).create({
        entity: "contact",
        ...(x < y ? { leftId: x, rightId: y } : { leftId: y, rightId: x }),
        score: 1,
        rule: "r",
      } as never);
    const mine = await pairOf(a, b);
    // One of the two is enough to hide it, whichever it is; and so are both.
    const hidden = [await pairOf(a, c), await pairOf(c, b), await pairOf(c, d)];
    const ids = hidden.map(({ id }) => id);
    await system
      .repo(duplicatePair)
      .updateMany([mine, ...hidden].map(({ id }) => ({ id, patch: { score: 0.9 } })));

    const identity = { actor: { kind: "user" as const, id: owner.id }, tenant: "test", roles: ["seller"] };
    const me = app.crm.as(identity);
    const pairs = me.repo(duplicatePair);
    const http = createHttp(app.crm, { authenticate: async () => identity });
    const call = async (path: string, method = "GET", body?: object) => {
      const response = await http.request(path, {
        method,
        headers: { "content-type": "application/json" },
        ...(body ? { body: JSON.stringify(body) } : {}),
      });
      return { status: response.status, text: await response.text() };
    };
    /** Only what is his is told: by what a path answers, none of the ids of the others is in it. */
    const onlyMine = (text: string, isTold = true) => {
      expect(text.includes(mine.id)).toBe(isTold);
      for (const id of [...ids, c, d]) expect(text).not.toContain(id);
    };

    // Lists, counts, sums, orders, streams.
    onlyMine(JSON.stringify(await pairs.find({ orderBy: ["-score"] })));
    expect(await pairs.count()).toBe(1);
    expect(await pairs.count({ id: { in: ids } })).toBe(0);
    expect(await pairs.count({ or: [{ leftId: c }, { rightId: c }] })).toBe(0);
    expect(
      await pairs.aggregate({ measures: { n: { count: true } }, groupBy: ["state"] } as never),
    ).toMatchObject([{ n: 1 }]);
    const streamed = [];
    for await (const row of pairs.stream({ limit: 1 })) streamed.push(row);
    onlyMine(JSON.stringify(streamed));
    onlyMine((await call("/api/duplicate-pairs?count=true&filter[state]=open")).text);
    onlyMine((await call("/api/duplicate-pairs/query", "POST", { where: { score: { gte: 0 } } })).text);
    expect((await call("/api/duplicate-pairs?count=true")).text).toContain('"total":1');

    // One by one, and what is done with one.
    for (const id of ids) {
      const missing = { code: "not-found" };
      await expect(pairs.get(id)).rejects.toMatchObject(missing);
      await expect(pairs.history(id)).rejects.toMatchObject(missing);
      await expect(pairs.update(id, { state: "dismissed" })).rejects.toMatchObject(missing);
      await expect(pairs.delete(id)).rejects.toMatchObject(missing);
      await expect(pairs.purge(id)).rejects.toMatchObject(missing);
      await expect(pairs.timeline(id)).rejects.toMatchObject(missing);
      await expect(pairs.provenance(id)).rejects.toMatchObject(missing);
      expect(await me.can("read", duplicatePair, id)).toBe(false);
      for (const path of ["", "/history", "/timeline"])
        expect((await call(`/api/duplicate-pairs/${id}${path}`)).status, path).toBe(404);
      const batch = { operations: [{ op: "update", id, data: { state: "dismissed" } }] };
      expect((await call("/api/duplicate-pairs/batch", "POST", batch)).status).toBe(404);
    }
    expect(await pairs.updateWhere({ id: { in: ids } }, { state: "dismissed" })).toBe(0);
    expect(await system.repo(duplicatePair).count({ state: "open" })).toBe(4);

    // Files.
    for (const format of ["csv", "ndjson"] as const) {
      let file = "";
      for await (const chunk of exportRecords(me, duplicatePair, {}, { format })) file += chunk;
      onlyMine(file);
      onlyMine((await call(`/api/duplicate-pairs/export?format=${format}`)).text);
    }

    // What is written of them: the history of his own, changes as a page, as a stream, and of a subscriber.
    onlyMine(JSON.stringify(await pairs.history(mine.id)));
    onlyMine((await call(`/api/duplicate-pairs/${mine.id}/history`)).text);
    onlyMine(JSON.stringify((await me.changes({ limit: 500 })).items));
    onlyMine((await call("/api/changes?limit=500")).text);
    const all = (await app.me.changes({ limit: 500 })).items;
    expect(all.filter(({ record }) => ids.includes(record as string)).length).toBe(6);
    onlyMine(JSON.stringify(await visibleEntries(me, all)));
    const first = all[0] as { cursor: string };
    const stream = await http.request(`/api/changes/stream?after=${encodeURIComponent(first.cursor)}`);
    const reader = (stream.body as ReadableStream<Uint8Array>).getReader();
    let told = "";
    while ((told.match(new RegExp(mine.id, "g")) ?? []).length < 2) {
      const { value, done } = await reader.read();
      if (done) break;
      told += new TextDecoder().decode(value);
    }
    await reader.cancel();
    onlyMine(told);

    // Around the records that he does read.
    for (const id of [a, b]) {
      onlyMine(JSON.stringify(await me.repo(contact).timeline(id)), false);
      for (const path of ["timeline", "profile", "history"])
        onlyMine((await call(`/api/contacts/${id}/${path}`)).text, false);
    }

    // As soon as he reads both records, and no longer than he does.
    await app.me.repo(contact).update(c, { ownerId: owner.id });
    expect(await pairs.count()).toBe(3);
    expect(JSON.stringify((await me.changes({ limit: 500 })).items)).toContain(ids[0]);
    await app.me.repo(contact).update(c, { ownerId: null });
    expect(await pairs.count()).toBe(1);
    await app.crm.stop();
    await drop();
  },
);
