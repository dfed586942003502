import {
  contact,
  crmCore,
  defineRole,
  type ImportFileOptions,
  importFile,
  importRejection,
  matchRule,
  revertImport,
} from "@corm/core";
import { createHttp } from "@corm/core/http";
import { createTestCrm } from "@corm/core/testing";
import { expect, test } from "vitest";

const narrow = defineRole({
  name: "narrow",
  entities: {
    contact: { create: "all", read: "own", update: "own", import: true, fields: { title: "none" } },
  },
});
const byEmail = { field: "email", by: "normalized" } as const;

async function make(rule: object = {}) {
  const app = await createTestCrm({ plugins: [crmCore()], roles: [narrow] });
  await app.me
    .repo(matchRule)
    .create({ name: "e-mail", entity: "contact", policy: "report", when: byEmail as never, ...rule });
  return app;
}
type App = Awaited<ReturnType<typeof make>>;

async function* csv(...rows: string[]) {
  yield new TextEncoder().encode(["lastName,email,title", ...rows].join("\n"));
}
const run = (app: App, rows: readonly string[], options: Partial<ImportFileOptions>) =>
  importFile(app.me, contact, csv(...rows), { format: "csv", ...options });
const names = async (app: App) => {
  const { items } = await app.me.repo(contact).find({ orderBy: ["id"], limit: 100 });
  return items.map(({ lastName, title }) => `${lastName} ${title}`);
};
const reasons = async (app: App, jobId: string) => {
  const { items } = await app.me.repo(importRejection).find({ where: { jobId }, orderBy: ["row"] });
  return items.map(({ row, reason }) => `${row} ${reason}`);
};

const rows = [
  "Ada,ADA@example.com,new",
  "Bob,bob@example.com,one",
  "Bobby,bob@example.com,two",
  "Cleo,,none",
];
const ada = { lastName: "Ada", email: "ada@example.com", title: "old" };

test("leaves out, changes or refuses what is there already, also in the same file", async () => {
  for (const [duplicates, numbers, left] of [
    [
      "create",
      { accepted: 4, rejected: 0, skipped: 0, matched: 0 },
      ["Ada old", "Ada new", "Bob one", "Bobby two", "Cleo none"],
    ],
    ["skip", { accepted: 4, rejected: 0, skipped: 2, matched: 0 }, ["Ada old", "Bob one", "Cleo none"]],
    ["update", { accepted: 4, rejected: 0, skipped: 0, matched: 2 }, ["Ada new", "Bobby two", "Cleo none"]],
    ["reject", { accepted: 2, rejected: 2, skipped: 0, matched: 0 }, ["Ada old", "Bob one", "Cleo none"]],
  ] as const) {
    const app = await make();
    const { id } = await app.me.repo(contact).create(ada);
    const dry = await run(app, rows, { duplicates, dryRun: true });
    expect(dry).toMatchObject({ done: 4, ...numbers });
    expect(await app.me.repo(contact).count()).toBe(1);
    const status = await run(app, rows, { duplicates });
    expect(status).toMatchObject({ done: 4, ...numbers });
    expect(await names(app)).toEqual(left);
    if (duplicates === "reject")
      expect(await reasons(app, status.id)).toEqual([
        `2 row: is a duplicate of ${id}`,
        "4 row: is a duplicate of an earlier row",
      ]);
    await revertImport(app.me, status.id);
    expect(await names(app)).toEqual(["Ada old"]);
    await app.crm.stop();
  }
});

test("a row that may be several is refused; one that is wrong is told by its own number", async () => {
  const app = await make();
  const [a, b] = await app.me.repo(contact).createMany([ada, { ...ada, lastName: "Twin" }]);
  const status = await run(
    app,
    [
      "Ada,ada@example.com,x",
      "Bob,bob@example.com,",
      ",bob@example.com,y",
      ",nobody@example.com,z",
      "Bo,bob@example.com,last",
    ],
    { duplicates: "update" },
  );
  expect(status).toMatchObject({ done: 5, accepted: 3, rejected: 2, matched: 2 });
  const told = await reasons(app, status.id);
  expect(told[0]).toMatch(/^2 row: may be any of /);
  for (const id of [a!.id, b!.id]) expect(told[0]).toContain(id);
  expect(told[1]).toMatch(/^5 lastName: /);
  expect((await names(app)).at(-1)).toBe("Bo last");
  await app.crm.stop();
});

test("the same numbers whatever the batches, and with a rule that blocks", async () => {
  const app = await make({ policy: "block" });
  const many = Array.from({ length: 1_200 }, (_, i) => `P${i},p${i % 700}@example.com,t${i}`);
  const status = await run(app, many, { duplicates: "update" });
  expect(status).toMatchObject({ done: 1_200, accepted: 1_200, matched: 500 });
  expect(await app.me.repo(contact).count()).toBe(700);
  expect(await app.me.repo(contact).first({ where: { email: "p3@example.com" } })).toMatchObject({
    lastName: "P703",
  });
  expect(await run(app, many, { duplicates: "skip" })).toMatchObject({ accepted: 1_200, skipped: 1_200 });
  await app.crm.stop();
});

test("over HTTP; what the caller may not see decides nothing, and a policy without rules is refused", async () => {
  const app = await make();
  const owner = await app.me.entities.user.create({ name: "S", email: "s@example.com" } as never);
  await app.me
    .repo(contact)
    .createMany([ada, { lastName: "Mine", email: "mine@example.com", title: "Dr", ownerId: owner.id }]);
  const http = createHttp(app.crm, {
    authenticate: async (request: Request) => ({
      actor: { kind: "user" as const, id: owner.id },
      tenant: "test",
      roles: [request.headers.get("x-role") ?? "admin"],
    }),
  });
  const post = async (query: string, body: string, role = "admin", plural = "contacts") => {
    const headers = { "content-type": "text/csv", "x-role": role };
    const response = await http.request(`/api/${plural}/import?${query}`, { method: "POST", headers, body });
    return (await response.json()) as Record<string, unknown>;
  };
  const file = "lastName,email\nAda,ada@example.com\nMine,mine@example.com\n";
  expect(await post("duplicates=skip", file, "narrow")).toMatchObject({ accepted: 2, skipped: 1 });
  expect(await post("duplicates=skip", file)).toMatchObject({ accepted: 2, skipped: 2 });
  expect(await post("duplicates=whatever", file)).toMatchObject({ status: 400, code: "invalid-parameter" });
  expect(await post("duplicates=skip&mode=upsert&on=externalId", file)).toMatchObject({
    code: "invalid-import",
  });
  expect(await post("duplicates=skip", "name\nAcme\n", "admin", "accounts")).toMatchObject({
    code: "invalid-import",
    detail: expect.stringContaining("No matching rule"),
  });
  await app.crm.stop();
});

test("a batch of one person's rows leaves what the last one says, and the row after them makes a record of its own", async () => {
  const app = await make();
  const many = Array.from({ length: 300 }, (_, i) => `Ada,ada@example.com,title ${i}`);
  const status = await run(app, [...many, "Bob,bob@example.com,one"], { duplicates: "update" });
  expect(status).toMatchObject({ done: 301, accepted: 301, rejected: 0, matched: 299 });
  expect(await names(app)).toEqual(["Ada title 299", "Bob one"]);
  await app.crm.stop();
});

test("clears by empty cells where asked to, and refuses options that are none before a row is written", async () => {
  const app = await make();
  const { id } = await app.me.repo(contact).create(ada);
  const some = ["Ada,ada@example.com,", "Bob,bob@example.com,"];
  await run(app, some, { duplicates: "update" });
  expect((await app.me.repo(contact).get(id)).title).toBe("old");
  expect(await run(app, some, { duplicates: "update", empty: "clear" })).toMatchObject({ matched: 2 });
  expect((await app.me.repo(contact).get(id)).title).toBeNull();
  // A new record is as without the cell.
  expect(await run(app, ["Cleo,cleo@example.com,"], { duplicates: "update", empty: "clear" })).toMatchObject({
    accepted: 1,
    matched: 0,
  });
  for (const options of [{ duplicates: "merge" }, { mode: "replace" }, { empty: "null" }])
    await expect(run(app, ["Dora,dora@example.com,"], options as never)).rejects.toMatchObject({
      code: "invalid-import",
      message: expect.stringContaining(`"${Object.keys(options)[0]}" is one of`),
    });
  expect(await app.me.repo(contact).count()).toBe(3);
  await app.crm.stop();
});
