import { crmCore, defineRole, grant, importRecords, type Rejection, user } from "@corm/core";
import { expect, it } from "vitest";
import { onDatabases } from "../support/apps.js";
import { folder, vault } from "./support/vault.js";

const own = defineRole({
  name: "own",
  entities: grant(folder, { read: "own", create: "own", update: "own", import: true }),
});

onDatabases({ plugins: [crmCore(), vault()], roles: [own] }, (app) => {
  const scene = async () => {
    const system = app().fresh().asSystem({ reason: "set the scene" });
    const [mine, other] = await system.repo(user).createMany([{ name: "U" }, { name: "V" }]);
    const id = mine?.id as string;
    const me = app().crm.as({ actor: { kind: "user", id }, tenant: system.tenant, roles: ["own"] });
    return { system, id, other: other?.id as string, folders: me.repo(folder) };
  };

  it("lets somebody create what is his who may read no users, one by one and in batches", async () => {
    const { id, folders } = await scene();
    expect(await folders.create({ name: "a" })).toMatchObject({ ownerId: id });
    expect(await folders.createMany([{ name: "b" }, { name: "c" }])).toMatchObject([
      { ownerId: id },
      { ownerId: id },
    ]);
    expect(await folders.upsertMany([{ name: "a", rank: 1 }, { name: "d" }], ["name"])).toMatchObject([
      { rank: 1, ownerId: id },
      { name: "d", ownerId: id },
    ]);
  });

  it("and import it", async () => {
    const { id, folders } = await scene();
    const rejections: Rejection[] = [];
    const rows = ["a", "b"].map((name, row) => ({ row, input: { name } }));
    const result = await importRecords(folders, rows, {
      key: ["name"],
      onReject: (rejection) => rejections.push(rejection),
    });
    expect([result.accepted, rejections]).toEqual([2, []]);
    expect((await folders.find()).items.map(({ ownerId }) => ownerId)).toEqual([id, id]);
  });

  it("tells nothing of users whom he names himself", async () => {
    const { system, other, folders } = await scene();
    const issues = (ownerId: string) =>
      folders.create({ name: "x", ownerId }).catch((error) => ({ code: error.code, issues: error.issues }));
    const absent = "00000000-0000-7000-8000-00000000dead";
    const plain = (answer: unknown, id: string) => JSON.stringify(answer).replaceAll(id, "*");
    expect(await issues(other)).toMatchObject({ code: "validation-failed" });
    expect(plain(await issues(other), other)).toBe(plain(await issues(absent), absent));
    expect((await system.repo(folder).find()).items).toEqual([]);
  });
});
