import { createCrm, defineEntity, definePlugin, derived, Type, withDefault } from "@corm/core";
import { createHttp } from "@corm/core/http";
import { sqlite } from "@corm/core/knex";

import { describe, expect, it } from "vitest";
import { onDatabases } from "../support/apps.js";

const judged = defineEntity("judged", {
  plural: "judgedOnes",
  fields: {
    name: Type.String(),
    score: derived(withDefault(Type.Integer(), 0)),
    grade: Type.Optional(derived(Type.String({ maxLength: 1 }))),
  },
});
const plugin = definePlugin({
  name: "judging",
  version: "1.0.0",
  corm: "^0.1",
  setup: () => ({ entities: { judged }, capabilities: { "judging.score": "Scores" } }),
})();

onDatabases({ plugins: [plugin] }, (app) => {
  const open = () => {
    const me = app().fresh();
    const system = app().crm.system({
      capability: "judging.score",
      reason: "scores",
      tenant: me.tenant,
    });
    return { me, system };
  };

  describe("a derived value", () => {
    it("is written beside the version: who edits the record is not refused, and keeps it", async () => {
      const { me, system } = open();
      const made = await me.entities.judged.create({ name: "A" });
      const scored = await system.repo(judged).update(made.id, { score: 7, grade: "B" });
      expect(scored).toMatchObject({ score: 7, grade: "B", version: 1, updatedAt: made.updatedAt });
      const edited = await me.entities.judged.update(made.id, { name: "B" }, { version: made.version });
      expect(edited).toMatchObject({ name: "B", score: 7, grade: "B", version: 2 });
      // With anything else, or by a person, it is an edit.
      expect(await system.repo(judged).update(made.id, { name: "C", score: 8 })).toMatchObject({
        version: 3,
      });
      expect(await me.entities.judged.update(made.id, { score: 9 })).toMatchObject({ version: 4 });
    });

    it("is in the journal after the edit that it came after, with the version that the record keeps", async () => {
      const { me, system } = open();
      const { id } = await me.entities.judged.create({ name: "A" });
      await system.repo(judged).update(id, { score: 1 });
      await me.entities.judged.update(id, { name: "B" });
      await system.repo(judged).update(id, { score: 2 });
      await system.repo(judged).update(id, { score: 3 });
      const { items } = await me.changes({ limit: 100 });
      expect(
        items.filter(({ record }) => record === id).map(({ version, changes }) => [version, changes]),
      ).toEqual([
        [1, expect.objectContaining({ name: [null, "A"] })],
        [1, { score: [0, 1] }],
        [2, { name: ["A", "B"] }],
        [2, { score: [1, 2] }],
        [2, { score: [2, 3] }],
      ]);
    });

    it("and edits at the same moment lose nothing of each other", async () => {
      const { me, system } = open();
      const { id } = await me.entities.judged.create({ name: "A" });
      const scores = Array.from({ length: 10 }, (_, n) => system.repo(judged).update(id, { score: n + 1 }));
      const edits = Array.from({ length: 10 }, (_, n) => me.entities.judged.update(id, { name: `N${n}` }));
      await Promise.all([...scores, ...edits]);
      const row = await me.entities.judged.get(id);
      expect(row.version).toBe(11);
      const { items } = await me.changes({ limit: 500 });
      const own = items.filter(({ record, operation }) => record === id && operation === "update");
      const last = (field: string) =>
        own.flatMap(({ changes }) => (changes?.[field] ? [changes[field]?.[1]] : [])).at(-1);
      expect(own).toHaveLength(20);
      expect([row.name, row.score]).toEqual([last("name"), last("score")]);
    });
  });
});

describe("over HTTP", () => {
  it("a derived value changes what is read again, and not what may be written", async () => {
    const crm = await createCrm({ storage: sqlite(":memory:"), plugins: [plugin], tenant: "t" });
    const me = crm.as({ actor: { kind: "user", id: "ada" }, tenant: "t", roles: ["admin"] });
    const http = createHttp(crm, {
      authenticate: () => ({ actor: { kind: "user", id: "ada" }, tenant: "t", roles: ["admin"] }),
    });
    const { id } = await me.entities.judged.create({ name: "A" });
    const path = `/api/judged-ones/${id}`;
    const tag = (await http.request(path)).headers.get("etag") as string;
    expect((await http.request(path, { headers: { "if-none-match": tag } })).status).toBe(304);
    const system = crm.system({ capability: "judging.score", reason: "scores", tenant: "t" });
    await system.repo(judged).update(id, { score: 5 });
    const again = await http.request(path, { headers: { "if-none-match": tag } });
    expect(again.status).toBe(200);
    expect(again.headers.get("etag")).not.toBe(tag);
    const write = (ifMatch: string, name: string) =>
      http.request(path, {
        method: "PATCH",
        headers: { "if-match": ifMatch, "content-type": "application/json" },
        body: JSON.stringify({ name }),
      });
    expect((await write(tag, "B")).status).toBe(200);
    expect((await write(tag, "C")).status).toBe(412);
    await crm.stop();
  });

  it("an entity that keeps its states by version has none", async () => {
    const temporal = defineEntity("kept", {
      plural: "keptOnes",
      temporal: true,
      fields: { score: derived(Type.Optional(Type.Integer())) },
    });
    const wrong = definePlugin({
      name: "wrong",
      version: "1.0.0",
      corm: "^0.1",
      setup: () => ({ entities: { kept: temporal } }),
    })();
    await expect(createCrm({ storage: sqlite(":memory:"), plugins: [wrong], tenant: "t" })).rejects.toThrow(
      /"kept\.score" is derived, and "kept" is temporal/,
    );
  });
});
