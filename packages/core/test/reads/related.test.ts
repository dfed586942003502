import { beforeAll, describe, expect, it } from "vitest";
import { onDatabases } from "../support/apps.js";
import { toys } from "../support/toys.js";

onDatabases({ plugins: [toys()] }, (app) => {
  let me: ReturnType<ReturnType<typeof app>["fresh"]>;
  let boxes: { id: string }[] = [];

  beforeAll(async () => {
    me = app().fresh();
    boxes = await me.entities.box.createMany(Array.from({ length: 30 }, (_, i) => ({ label: `B${i}` })));
    const of = (i: number) => boxes[i % 10]?.id as string;
    await me.entities.thing.createMany(
      Array.from({ length: 90 }, (_, i) => ({ title: `T${i}`, boxId: i === 89 ? null : of(i) })),
    );
    await me.entities.lid.createMany(Array.from({ length: 40 }, (_, i) => ({ name: `L${i}`, boxId: of(i) })));
  });

  it("come in one statement per relation, however many records there are", async () => {
    for (const limit of [1, 10, 90]) {
      app().log.clear();
      const { items } = await me.entities.thing.find({ include: ["box"], limit });
      expect(items.every(({ box, boxId }) => (box === null) === (boxId === null))).toBe(true);
      expect(app().log.asked.map(({ table }) => table)).toEqual(["thing", "box"]);
    }
    for (const limit of [1, 30]) {
      app().log.clear();
      const { items } = await me.entities.box.find({
        include: ["things", "lids", "parent"],
        limit,
        orderBy: ["id"],
      });
      expect(items.map(({ lids }) => lids.length).slice(0, 11)).toEqual(
        limit === 1 ? [4] : [...Array(10).fill(4), 0],
      );
      expect(items.every(({ things, id }) => things.every(({ boxId }) => boxId === id))).toBe(true);
      expect(app().log.asked.map(({ table }) => table)).toEqual(["box", "thing", "lid"]);
    }
    app().log.clear();
    await me.entities.thing.find({ include: ["box", "box", "box"] });
    expect(app().log.asked).toHaveLength(2);
  });

  it("come with a selection that does not name their field", async () => {
    const { items } = await me.entities.thing.find({
      select: ["title"],
      include: ["box"],
      orderBy: ["id"],
      limit: 1,
    });
    expect(items).toEqual([{ title: "T0", box: expect.objectContaining({ label: "B0" }) }]);
  });

  it("come with a single record", async () => {
    const [row] = (await me.entities.thing.find({ limit: 1, orderBy: ["id"] })).items;
    const got = await me.entities.thing.get(row!.id, { include: ["box"] });
    expect(got.box?.label).toBe("B0");
    const box = await me.entities.box.get(got.boxId!, { include: ["lids", "things"] });
    expect([box.lids.length, box.things.length]).toEqual([4, 9]);
  });

  it("are absent when they are deleted", async () => {
    const own = app().fresh();
    const { id } = await own.entities.box.create({ label: "B" });
    const [kept, gone] = await own.entities.thing.createMany([
      { title: "kept", boxId: id },
      { title: "gone", boxId: id },
    ]);
    await own.entities.thing.delete(gone!.id);
    expect(
      (await own.entities.box.get(id, { include: ["things"] })).things.map(({ title }) => title),
    ).toEqual(["kept"]);
    expect(await own.entities.box.count({ things: { some: { title: "gone" } } })).toBe(0);
    await own.entities.box.delete(id);
    expect((await own.entities.thing.get(kept!.id, { include: ["box"] })).box).toBeNull();
    expect(await own.entities.thing.count({ box: { label: "B" } })).toBe(0);
  });

  it("do not bring more than memory should hold", async () => {
    const own = app().fresh();
    const { id } = await own.entities.box.create({ label: "full" });
    for (let i = 0; i < 3; i++) {
      await own.entities.lid.createMany(
        Array.from({ length: 3_500 }, (_, n) => ({ name: `L${n}`, boxId: id })),
      );
    }
    await expect(own.entities.box.get(id, { include: ["lids"] })).rejects.toThrowError(
      /Including "box\.lids" would bring more than 10000 records.*list "lid" by "boxId"/,
    );
  });

  describe("search", () => {
    let own: typeof me;
    beforeAll(async () => {
      own = app().fresh();
      await own.entities.thing.createMany([
        { title: "Łódź Straße", note: "café au lait" },
        { title: "ＡＢＣ 株式会社", note: "50% off_season" },
        { title: "plain" },
        { title: "O'Brien \\ Söhne" },
      ]);
    });

    it.each([
      ["lodz", "Łódź Straße"],
      ["LODZ strasse", "Łódź Straße"],
      ["strasse CAFE", "Łódź Straße"],
      ["Café plain", ""],
      ["abc", "ＡＢＣ 株式会社"],
      ["株式", "ＡＢＣ 株式会社"],
      ["%", "ＡＢＣ 株式会社"],
      ["off_s", "ＡＢＣ 株式会社"],
      ["of_", ""],
      ["o'brien \\", "O'Brien \\ Söhne"],
      ["sohne", "O'Brien \\ Söhne"],
      ["   ", "Łódź Straße,ＡＢＣ 株式会社,plain,O'Brien \\ Söhne"],
    ])("%j finds %j", async (search, expected) => {
      const { items } = await own.entities.thing.find({ search, orderBy: ["id"] });
      expect(items.map(({ title }) => title).join()).toBe(expected);
      expect(await own.entities.thing.count(undefined, { search })).toBe(items.length);
    });

    it("follows changes, and combines with conditions", async () => {
      const [row] = (await own.entities.thing.find({ search: "plain" })).items;
      await own.entities.thing.update(row!.id, { note: "Überraschung" });
      expect(
        await own.entities.thing.first({ search: "PLAIN uberraschung", where: { stage: "new" } }),
      ).toMatchObject({ id: row!.id });
      expect(await own.entities.thing.first({ search: "plain", where: { stage: "won" } })).toBeNull();
      await own.entities.thing.update(row!.id, { note: null });
      expect(await own.entities.thing.first({ search: "uberraschung" })).toBeNull();
    });

    it("is refused where there is nothing to search", async () => {
      await expect(me.entities.lid.find({ search: "x" })).rejects.toThrowError(
        /"lid" has no searchable fields/,
      );
    });
  });
});
