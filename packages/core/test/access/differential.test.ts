import { crmCore, defineRestriction, Forbidden, NotFound, type Role, UnknownField } from "@corm/core";
import fc from "fast-check";
import { afterAll, beforeAll, expect, it } from "vitest";
import { onDatabases } from "../support/apps.js";
import { type EntityName, Oracle, type Rec } from "./support/oracle.js";
import { folder, paper, vault } from "./support/vault.js";
import { makeWorld, type World } from "./support/world.js";

/** Cases over all databases; more by `CORM_ACCESS_CASES`. */
const CASES = Number(process.env["CORM_ACCESS_CASES"] ?? 2_100);
const SEED = Number(process.env["CORM_SEED"] ?? 7);

const reach = fc.constantFrom("own", "team", "subtree", "shared", "parent", "all");
const reaches = fc.uniqueArray(reach, { minLength: 0, maxLength: 3 });
const fieldRight = fc.constantFrom("none", "read", "write", "masked");
const grantOf = (entity: EntityName) =>
  fc.record(
    {
      read: fc.oneof({ weight: 4, arbitrary: reaches }, { weight: 1, arbitrary: fc.constant(["all"]) }),
      update: reaches,
      delete: reaches,
      sensitive: fieldRight,
      fields: fc.record({ [entity === "folder" ? "rank" : "pages"]: fieldRight }, { requiredKeys: [] }),
      only: fc.constant(entity === "folder" ? { rank: { gte: 2 } } : { pages: { gte: 1 } }),
    },
    { requiredKeys: ["read"] },
  );
const roleArb = fc.record({
  name: fc.constantFrom("clerk", "agent", "vipDesk"),
  label: fc.constant("role"),
  permissions: fc.constant([]),
  entities: fc.record(
    { folder: grantOf("folder"), paper: grantOf("paper"), user: fc.constant({ read: "all" }) },
    { requiredKeys: ["user"] },
  ),
}) as unknown as fc.Arbitrary<Role>;

const question = fc.oneof(
  fc.record({
    ask: fc.constant("list" as const),
    limit: fc.integer({ min: 1, max: 40 }),
    desc: fc.boolean(),
  }),
  fc.record({ ask: fc.constant("count" as const) }),
  fc.record({ ask: fc.constant("as of" as const), at: fc.nat(60), limit: fc.integer({ min: 1, max: 40 }) }),
  fc.record({ ask: fc.constant("sum" as const) }),
  fc.record({ ask: fc.constant("through relation" as const), none: fc.boolean() }),
  fc.record({ ask: fc.constant("include" as const) }),
  fc.record({
    ask: fc.constant("hidden field" as const),
    how: fc.constantFrom("where", "sort", "group", "max", "select"),
  }),
  fc.record({ ask: fc.constant("get" as const), at: fc.nat(60) }),
  fc.record({
    ask: fc.constant("explain" as const),
    at: fc.nat(60),
    right: fc.constantFrom("read", "update", "delete"),
  }),
  fc.record({ ask: fc.constant("update" as const), at: fc.nat(60) }),
  fc.record({ ask: fc.constant("delete" as const), at: fc.nat(60) }),
  fc.record({
    ask: fc.constant("search" as const),
    word: fc.constantFrom("pin-1", "folder", "red", "paper"),
  }),
);

const scenario = fc.record({
  who: fc.nat(8),
  roles: fc.uniqueArray(roleArb, { minLength: 0, maxLength: 2, selector: (role) => role.name }),
  entity: fc.constantFrom("folder" as const, "paper" as const),
  question,
});

const restrictions = [
  defineRestriction(folder, { name: "vip", where: { vip: { ne: true } }, except: ["vipDesk"] }),
];
const roles = ["clerk", "agent", "vipDesk"].map((name) => ({
  name,
  label: name,
  entities: {},
  permissions: [],
}));

onDatabases({ plugins: [crmCore(), vault()], restrictions, roles, tenant: "vault" }, (app, database) => {
  let world: World;
  const asked = new Map<string, number>();
  beforeAll(async () => {
    const later = () => app().clock.advance({ minutes: 1 });
    world = await makeWorld(app().crm.system({ tenant: "vault", reason: "make a world" }), SEED, later);
    // The same people and records again under another tenant: nothing of it may ever show.
    await makeWorld(app().crm.system({ tenant: "mirror", reason: "make a world" }), SEED, later);
  });
  afterAll(() => {
    const total = [...asked.values()].reduce((sum, n) => sum + n, 0);
    const parts = [...asked].map(([ask, n]) => `${ask} ${n}`).join(", ");
    process.stdout.write(`access differential on ${database}: ${total} cases, 0 differences (${parts})\n`);
  });

  const ids = (records: readonly { readonly id: string }[]) => records.map((record) => record.id).sort();

  async function compare({
    who,
    roles: given,
    entity,
    question: q,
  }: typeof scenario extends fc.Arbitrary<infer T> ? T : never) {
    const userId = (world.users[who] as { id: string }).id;
    const me = app().crm.as({ actor: { kind: "user", id: userId }, tenant: "vault", roles: given });
    const oracle = new Oracle(world, { userId, roles: given });
    const repo = (entity === "folder" ? me.repo(folder) : me.repo(paper)) as ReturnType<
      typeof me.repo<"folder", { id: string }, object, object>
    >;
    const number = entity === "folder" ? "rank" : "pages";
    const readable = oracle.readable(entity);
    const any = oracle.list(entity);
    const at = (n: number): Rec => any[n % any.length] as Rec;
    if (!oracle.has("read", entity) && q.ask !== "explain") {
      await expect(repo.find()).rejects.toSatisfy(Forbidden.is);
      await expect(repo.get(at(0).id)).rejects.toSatisfy(Forbidden.is);
      await expect(repo.count()).rejects.toSatisfy(Forbidden.is);
      return;
    }
    switch (q.ask) {
      case "list": {
        const found: { id: string }[] = [];
        for await (const row of repo.stream({ limit: q.limit, orderBy: [q.desc ? "-id" : "id"] as never }))
          found.push(row);
        const expected = ids(readable);
        expect(found.map((row) => row.id)).toEqual(q.desc ? expected.reverse() : expected);
        expect(JSON.stringify(found)).not.toContain("canary");
        return;
      }
      case "count":
        expect(await repo.count()).toBe(readable.length);
        return;
      case "as of": {
        const { asOf } = world.past;
        const then = oracle.readableThen(entity);
        const found: { id: string }[] = [];
        for await (const row of repo.stream({ asOf, limit: q.limit, orderBy: ["id"] as never }))
          found.push(row);
        expect(found.map((row) => row.id)).toEqual(ids(then));
        expect(JSON.stringify(found)).not.toContain("canary");
        expect(await repo.count(undefined, { asOf })).toBe(then.length);
        if (oracle.sees(entity, number)) {
          const values = then.map((record) => (record as unknown as Record<string, number | null>)[number]);
          const [row] = await repo.aggregate({ asOf, measures: { s: { sum: number as never } } });
          const known = values.filter((value) => value != null) as number[];
          expect(row?.s).toBe(known.length === 0 ? null : known.reduce((sum, value) => sum + value, 0));
        }
        const all = entity === "folder" ? world.past.folders : world.past.papers;
        const { id } = all[q.at % all.length] as Rec;
        const got = repo.get(id, { asOf });
        if (then.some((record) => record.id === id)) expect((await got).id).toBe(id);
        else await expect(got).rejects.toSatisfy(NotFound.is);
        return;
      }
      case "sum": {
        if (!oracle.sees(entity, number)) return;
        const values = readable.map(
          (record) => (record as unknown as Record<string, number | null>)[number] ?? null,
        );
        const known = values.filter((value) => value !== null);
        const [row] = await repo.aggregate({ measures: { n: { count: true }, s: { sum: number as never } } });
        expect(row).toEqual({
          n: readable.length,
          s: known.length === 0 ? null : known.reduce((sum, value) => sum + value, 0),
        });
        return;
      }
      case "through relation": {
        if (entity === "paper") {
          const query = me
            .repo(paper)
            .find({ where: { folder: { name: { contains: "red" } } } as never, limit: 100 });
          if (!oracle.has("read", "folder"))
            return void (await expect(query).rejects.toSatisfy(UnknownField.is));
          const red = new Set(
            oracle
              .readable("folder")
              .filter((f) => (f as unknown as { name: string }).name.includes("red"))
              .map((f) => f.id),
          );
          expect(ids((await query).items)).toEqual(
            ids(readable.filter((p) => red.has((p as { folderId: string }).folderId))),
          );
          return;
        }
        const where = { papers: { [q.none ? "none" : "some"]: { title: { contains: "1" } } } };
        const query = me.repo(folder).find({ where: where as never, limit: 100 });
        if (!oracle.has("read", "paper"))
          return void (await expect(query).rejects.toSatisfy(UnknownField.is));
        const papers = oracle
          .readable("paper")
          .filter((p) => (p as unknown as { title: string }).title.includes("1"));
        const with1 = new Set(papers.map((p) => (p as { folderId: string }).folderId));
        expect(ids((await query).items)).toEqual(ids(readable.filter((f) => with1.has(f.id) !== q.none)));
        return;
      }
      case "include": {
        if (entity !== "paper") return;
        const query = me.repo(paper).find({ include: ["folder"], limit: 100 });
        if (!oracle.has("read", "folder"))
          return void (await expect(query).rejects.toSatisfy(UnknownField.is));
        const seen = new Set(oracle.readable("folder").map((f) => f.id));
        for (const row of (await query).items) {
          const expected = seen.has(row.folderId ?? "") ? row.folderId : null;
          expect((row.folder as { id: string } | null)?.id ?? null).toBe(expected);
        }
        return;
      }
      case "hidden field": {
        const field = entity === "folder" ? "pin" : "note";
        const ask = (name: string) => {
          switch (q.how) {
            case "where":
              return repo.find({ where: { [name]: "pin-1" } as never });
            case "sort":
              return repo.find({ orderBy: [`-${name}`] as never });
            case "group":
              return repo.aggregate({ groupBy: [name] as never, measures: { n: { count: true } } });
            case "max":
              return repo.aggregate({ measures: { m: { max: name as never } } });
            default:
              return repo.find({ select: [name] as never });
          }
        };
        const masked =
          !oracle.sees(entity, field) && given.some((role) => role.entities[entity]?.sensitive === "masked");
        if (oracle.sees(entity, field) || (masked && q.how === "select")) return void (await ask(field));
        const answers = await Promise.all(
          [field, "qqqq"].map((name) =>
            ask(name).then(String, (error: Error) =>
              error.message.replaceAll(`"${name}"`, "*").replace(/\. Did you mean .*$/, "."),
            ),
          ),
        );
        expect(answers[0]).toBe(answers[1]);
        expect(answers[0]).toContain("has no field");
        return;
      }
      case "get": {
        const record = at(q.at);
        if (oracle.may("read", entity, record)) expect((await repo.get(record.id)).id).toBe(record.id);
        else await expect(repo.get(record.id)).rejects.toSatisfy(NotFound.is);
        return;
      }
      case "explain": {
        const record = at(q.at);
        const told = await me.explainAccess({ name: entity }, record.id, q.right as "read");
        expect(told.allowed).toBe(oracle.may(q.right as "read", entity, record));
        return;
      }
      case "update":
      case "delete": {
        const record = at(q.at);
        const right = q.ask;
        const undone = new Error("undone");
        const outcome = await me
          .transaction(async (tx) => {
            const inner = (entity === "folder" ? tx.repo(folder) : tx.repo(paper)) as typeof repo;
            if (right === "delete") await inner.delete(record.id);
            else
              await inner.update(record.id, { [entity === "folder" ? "name" : "title"]: "changed" } as never);
            throw undone;
          })
          .catch((error: unknown) => error);
        if (!oracle.has(right, entity)) expect(outcome).toSatisfy(Forbidden.is);
        else if (!oracle.may("read", entity, record)) expect(outcome).toSatisfy(NotFound.is);
        else if (oracle.may(right, entity, record)) expect(outcome).toBe(undone);
        else expect(outcome).toSatisfy(Forbidden.is);
        return;
      }
      case "search": {
        const hidden = entity === "folder" && !oracle.sees("folder", "pin");
        const found = await repo.find({ search: q.word, limit: 100 });
        const text = (record: Rec) =>
          entity === "folder"
            ? `${(record as unknown as { name: string }).name} ${hidden ? "" : (record as { pin: string | null }).pin}`
            : (record as unknown as { title: string }).title;
        expect(ids(found.items)).toEqual(ids(readable.filter((record) => text(record).includes(q.word))));
        return;
      }
    }
  }

  it("judges past states by whose they were, also where rights are looked up by sets of ids", async () => {
    let differ = 0;
    const { asOf } = world.past;
    for (const { id: userId } of world.users) {
      const grant = { read: ["own", "shared"] } as const;
      const given: Role[] = [
        { name: "clerk", label: "role", permissions: [], entities: { folder: grant, paper: grant } },
      ];
      const me = app().crm.as({ actor: { kind: "user", id: userId }, tenant: "vault", roles: given });
      const oracle = new Oracle(world, { userId, roles: given });
      const then = ids(oracle.readableThen("paper"));
      expect(ids((await me.repo(paper).find({ asOf, limit: 100 })).items)).toEqual(then);
      expect(await me.repo(paper).count(undefined, { asOf })).toBe(then.length);
      if (then.join() !== ids(oracle.readable("paper")).join()) differ += 1;
    }
    expect(differ).toBeGreaterThan(2);
  });

  it("answers as a naive reading of the rules does", { timeout: 600_000 }, async () => {
    await fc.assert(
      fc.asyncProperty(scenario, async (one) => {
        await compare(one);
        asked.set(one.question.ask, (asked.get(one.question.ask) ?? 0) + 1);
      }),
      { numRuns: Math.ceil(CASES / 3), seed: SEED, endOnFailure: false },
    );
  });
});
