import { NotFound } from "@corm/core";
import { describe, expect, it } from "vitest";
import { onDatabases } from "../support/apps.js";
import { toys } from "../support/toys.js";

const on = ["SQLite in memory", "PostgreSQL", "PostgreSQL with row-level security", "MariaDB"] as const;

onDatabases({ plugins: [toys()], on }, (app) => {
  const twoTenants = async () => {
    const [mine, theirs] = [app().fresh(), app().fresh()];
    const box = await mine.entities.box.create({ label: "secret" });
    const lid = await mine.entities.lid.create({ name: "secret", boxId: box.id });
    const thing = await mine.entities.thing.create({ title: "secret", code: "k", boxId: box.id });
    const before = await mine.entities.thing.get(thing.id);
    const untouched = async () => {
      expect(await mine.entities.thing.get(thing.id)).toEqual(before);
      expect(await mine.entities.box.get(box.id)).toEqual(box);
      expect(await mine.entities.lid.get(lid.id)).toEqual(lid);
    };
    return { theirs, box, thing, untouched };
  };

  it("reads nothing of another tenant by any method", async () => {
    const { theirs, box, thing, untouched } = await twoTenants();
    const { entities } = theirs;
    await expect(entities.thing.get(thing.id)).rejects.toSatisfy(NotFound.is);
    await expect(entities.thing.get(thing.id, { withDeleted: true })).rejects.toSatisfy(NotFound.is);
    const everything = [
      {},
      { withDeleted: true },
      { search: "secret" },
      { where: { id: thing.id } },
      { where: { code: "k" } },
    ];
    const widened = [
      { where: { or: [{}, { not: { id: thing.id } }] } },
      { where: { tenantId: thing.tenantId } },
      { where: { box: { id: box.id } } },
      { where: { or: [{ tenantId: thing.tenantId }, { tenantId: { ne: "x" } }] } },
    ];
    for (const query of [...everything, ...widened] as object[]) {
      expect((await entities.thing.find(query)).items).toEqual([]);
      expect(await entities.thing.first(query)).toBeNull();
      for await (const _ of entities.thing.stream(query)) expect.unreachable();
    }
    expect(await entities.thing.count()).toBe(0);
    expect(await entities.thing.count({ tenantId: thing.tenantId })).toBe(0);
    expect(await entities.thing.aggregate({ measures: { n: { count: true }, t: { max: "title" } } })).toEqual(
      [{ n: 0, t: null }],
    );
    expect(await entities.thing.aggregate({ groupBy: ["title"], measures: { n: { count: true } } })).toEqual(
      [],
    );
    await untouched();
  });

  it("changes nothing of another tenant by any method", async () => {
    const { theirs, box, thing, untouched } = await twoTenants();
    const { entities } = theirs;
    const { id } = thing;
    for (const attempt of [
      () => entities.thing.update(id, { title: "mine" }),
      () => entities.thing.update(id, { title: "mine" }, { version: 1 }),
      () => entities.thing.updateMany([{ id, patch: { title: "mine" } }]),
      () => entities.thing.delete(id),
      () => entities.thing.deleteMany([id]),
      () => entities.thing.restore(id),
      () => entities.thing.purge(id),
      () => entities.box.purge(box.id),
      () => entities.box.delete(box.id),
    ]) {
      await expect(attempt()).rejects.toSatisfy(NotFound.is);
    }
    expect(await entities.thing.updateWhere({}, { title: "mine" })).toBe(0);
    const [made] = await entities.thing.upsertMany([{ title: "mine", code: "k" }], ["code"]);
    expect(made?.id).not.toBe(id);
    await untouched();
  });

  it("refers to nothing of another tenant: it is not found", async () => {
    const { theirs, box, untouched } = await twoTenants();
    const missing = {
      code: "validation-failed",
      issues: [{ pointer: "/boxId", code: "reference-not-found" }],
    };
    await expect(theirs.entities.thing.create({ title: "A", boxId: box.id })).rejects.toMatchObject(missing);
    await expect(theirs.entities.lid.create({ name: "A", boxId: box.id })).rejects.toMatchObject(missing);
    const { id } = await theirs.entities.thing.create({ title: "A" });
    await expect(theirs.entities.thing.update(id, { boxId: box.id })).rejects.toMatchObject(missing);
    const own = await theirs.entities.box.create({ label: "own", parentId: null });
    await expect(theirs.entities.box.update(own.id, { parentId: box.id })).rejects.toMatchObject({
      issues: [{ pointer: "/parentId" }],
    });
    await untouched();
  });

  it("takes nothing of another tenant along when it deletes", async () => {
    const { theirs, untouched } = await twoTenants();
    const own = await theirs.entities.box.create({ label: "own" });
    await theirs.entities.lid.create({ name: "own", boxId: own.id });
    await theirs.entities.box.delete(own.id);
    await theirs.entities.box.restore(own.id);
    await theirs.entities.box.purge(own.id);
    await untouched();
  });

  describe("a token", () => {
    it("is worth nothing for another purpose, changed, or late", () => {
      const { tokens } = app().fresh();
      const token = tokens.sign(
        "unsubscribe",
        { contact: 1, tenant: "a" },
        { expiresAt: app().clock.now() + 10 },
      );
      expect(tokens.verify("unsubscribe", token)).toEqual({ contact: 1, tenant: "a" });
      expect(tokens.verify("other", token)).toBeUndefined();
      for (const forged of ["", ".", "x.y", `${token}x`, token.replace(".", ""), token.slice(2)]) {
        expect(tokens.verify("unsubscribe", forged)).toBeUndefined();
      }
      expect(tokens.verify("unsubscribe", 7 as never)).toBeUndefined();
      app().clock.advance(11);
      expect(tokens.verify("unsubscribe", token)).toBeUndefined();
    });
  });
});
