import {
  account,
  crmCore,
  defineEntity,
  extendEntity,
  json,
  longText,
  many,
  money,
  one,
  oneOf,
  reference,
  withDefault,
} from "@corm/core";
import Type from "typebox";
import { describe, expect, it } from "vitest";
import { plugin, problemsOf, simple } from "./refused.js";

const requires = { crm: "^0.1" };

describe("entities", () => {
  it("are declared once", async () => {
    expect(
      await problemsOf(
        plugin("a", { entities: { job: simple("job") } }),
        plugin("b", { entities: { job: simple("job") } }),
      ),
    ).toEqual([
      'plugins "a" and "b" both declare the entity "job": rename one, or let one extend the other\'s',
    ]);
  });

  it("are listed under their own name", async () => {
    expect(await problemsOf(plugin("a", { entities: { task: simple("job") } }))).toEqual([
      'plugin "a" lists entity "job" under the key "task": use its own name',
    ]);
  });

  it.each(["Job", "select *", "id; drop", "a".repeat(49), "😀", ""])(
    "D46 have plain names: %j",
    async (name) => {
      expect(await problemsOf(plugin("a", { entities: { [name]: simple(name) } }))).toContainEqual(
        `plugin "a": entity name "${name}" must be camelCase, at most 48 letters and digits`,
      );
    },
  );

  it.each(["cormMeta", "sqliteSequence", "pgClass", "aBCDEFGHIJKLMNOPQRSTUVWXYZABCDEFGHIJKLMNOP"])(
    "have names that fit a table: %s",
    async (name) => {
      expect(await problemsOf(plugin("a", { entities: { [name]: simple(name) } }))).toEqual([
        expect.stringMatching(new RegExp(`^plugin "a": entity "${name}" needs the table`)),
      ]);
    },
  );

  it("do not share a table or path", async () => {
    const second = defineEntity("work", { plural: "jobs", fields: { title: Type.String() } });
    expect(
      await problemsOf(
        plugin("a", { entities: { job: simple("job") } }),
        plugin("b", { entities: { work: second } }),
      ),
    ).toEqual([
      'entities "job" (a) and "work" (b) have the same path or table: give one another plural or name',
    ]);
  });
});

describe("fields", () => {
  const one_ = (fields: Record<string, ReturnType<typeof Type.String>>) =>
    problemsOf(plugin("a", { entities: { job: defineEntity("job", { fields }) } }));

  it.each(["id", "tenantId", "version", "createdAt", "updatedAt", "deletedAt"])(
    "are not core's own: %s",
    async (name) => {
      expect(await one_({ [name]: Type.String() })).toEqual([
        `plugin "a": field "job.${name}" has the name of a field that core keeps itself: choose another`,
      ]);
    },
  );

  it.each(["or", "not", "Upper", "two words", "x".repeat(49), "aBCDEFGHIJKLMNOPQRSTUVWXYZABCDEFGHIJKLMNOP"])(
    "have plain names: %s",
    async (name) => {
      expect(await one_({ [name]: Type.String() })).toEqual([
        expect.stringContaining(`plugin "a": field "job.${name}"`),
      ]);
    },
  );

  it("hold what a column can hold", async () => {
    expect(await one_({ odd: Type.Union([Type.String(), Type.Integer()]) as never })).toEqual([
      'plugin "a": field "job.odd" has a schema that no column can hold: use a simple type, oneOf(), or json()',
    ]);
    expect(await one_({ odd: Type.String({ format: "iban" }) })).toEqual([
      'plugin "a": field "job.odd" uses the unknown format "iban", which would accept everything',
    ]);
    expect(await one_({ odd: oneOf(["x".repeat(65)]) as never })).toEqual([
      expect.stringMatching(/field "job\.odd" has the word "x+" of 65 characters: at most 64 fit/),
    ]);
  });

  it("have defaults that they accept", async () => {
    expect(
      await problemsOf(
        plugin("a", {
          entities: {
            job: defineEntity("job", {
              fields: {
                hours: withDefault(Type.Integer({ maximum: 24 }), 25),
                fee: withDefault(money(), { amount: "1.005", currency: "EUR" }),
                fine: withDefault(money(), { amount: "1.50", currency: "EUR" }),
              },
            }),
          },
        }),
      ),
    ).toEqual([
      expect.stringMatching(/^plugin "a": the default of field "job\.hours" is refused by its own schema: /),
      expect.stringMatching(/^plugin "a": the default of field "job\.fee" is refused by its own schema: /),
    ]);
  });

  it("refer to entities that exist", async () => {
    const job = defineEntity("job", {
      fields: { clientId: reference("acount"), otherId: reference("starship", { onDelete: "set null" }) },
    });
    expect(await problemsOf(crmCore(), plugin("a", { entities: { job } }, { requires }))).toEqual([
      'plugin "a": field "job.clientId" refers to the entity "acount", which no plugin declares (did you mean "account"?)',
      'plugin "a": field "job.otherId" refers to the entity "starship", which no plugin declares: add its plugin',
    ]);
  });

  it("can be emptied where their references are", async () => {
    const job = defineEntity("job", { fields: { clientId: reference(account, { onDelete: "set null" }) } });
    expect(await problemsOf(crmCore(), plugin("a", { entities: { job } }, { requires }))).toEqual([
      'plugin "a": field "job.clientId" says onDelete "set null" but is required: make it Type.Optional(...)',
    ]);
  });

  it("do not share a column", async () => {
    const job = defineEntity("job", { fields: { fee: money(), feeCurrency: Type.String() } });
    expect(await problemsOf(plugin("a", { entities: { job } }))).toEqual([
      'plugin "a": field "job.feeCurrency" needs the column "fee_currency", which "fee" has already',
    ]);
    expect(await one_({ live: Type.String() })).toEqual([
      'plugin "a": field "job.live" needs the column "live", which "core" has already',
    ]);
  });
});

describe("lists of fields", () => {
  const job = defineEntity("job", {
    fields: { title: Type.String(), body: longText(), data: json(Type.Unknown()) },
    indexes: [["titel" as "title"]],
    unique: [["body"]],
    immutable: ["nothing" as "title"],
    searchable: ["data"],
  });

  it("name fields that can serve", async () => {
    expect(await problemsOf(plugin("a", { entities: { job } }))).toEqual([
      'plugin "a": index of "job" names "titel", which is not a field (did you mean "title"?)',
      'plugin "a": unique of "job" names "body", but text fields cannot be indexed',
      'plugin "a": immutable of "job" names "nothing", which is not a field',
      'plugin "a": searchable of "job" names "data", but only text can be searched',
    ]);
  });

  it("blame the plugin that wrote them", async () => {
    const extension = extendEntity(account, { indexes: [["nmae"]] });
    expect(
      await problemsOf(crmCore(), plugin("b", { extends: { account: extension } }, { requires })),
    ).toEqual(['plugin "b": index of "account" names "nmae", which is not a field (did you mean "name"?)']);
  });

  it("fit what every database can index", async () => {
    const wide = Type.String({ maxLength: 500 });
    const job = defineEntity("job", { fields: { a: wide, b: wide }, indexes: [["a", "b"]] });
    expect(await problemsOf(plugin("a", { entities: { job } }))).toEqual([
      expect.stringMatching(/^plugin "a": index of "job" over \[a, b\] .*3,?072 bytes/),
    ]);
  });
});

describe("relations", () => {
  it("lead along reference fields", async () => {
    const job = defineEntity("job", {
      fields: { title: Type.String(), accountId: Type.Optional(reference(account)) },
      relations: {
        title: one("accountId"),
        boss: one("title"),
        or: one("accountId"),
        lost: many("nobody", "jobId"),
        contacts: many("contact", "accountId"),
      },
    });
    expect(await problemsOf(crmCore(), plugin("a", { entities: { job } }, { requires }))).toEqual([
      'plugin "a": relation "job.title" has the name of a field of plugin "a"',
      'plugin "a": relation "job.boss" is a view of "title", which is not a reference field of job',
      expect.stringContaining('plugin "a": relation "job.or" must be camelCase'),
      'plugin "a": relation "job.lost" leads to "nobody", which no plugin declares',
      'plugin "a": relation "job.contacts" says "contact.accountId", which is not a reference to job',
    ]);
  });
});

describe("extensions", () => {
  const rating = extendEntity(account, { fields: { rating: Type.Optional(Type.Integer()) } });

  it("declare whose entity they extend", async () => {
    expect(await problemsOf(crmCore(), plugin("b", { extends: { account: rating } }))).toEqual([
      'plugin "b" extends "account" of plugin "crm" without declaring it: add requires: { "crm": "…" }',
    ]);
  });

  it("extend what is there, under its name", async () => {
    expect(await problemsOf(plugin("b", { extends: { account: rating } }))).toEqual([
      'plugin "b" extends the entity "account", which no plugin declares: add the plugin that does',
    ]);
    expect(await problemsOf(crmCore(), plugin("b", { extends: { acc: rating } }, { requires }))).toEqual([
      'plugin "b" lists an extension of "account" under the key "acc": use "account"',
    ]);
  });

  it("add what existing records can do without", async () => {
    const strict = extendEntity(account, { fields: { rating: Type.Integer() } });
    expect(await problemsOf(crmCore(), plugin("b", { extends: { account: strict } }, { requires }))).toEqual([
      'plugin "b": field "account.rating" is required, but records exist without it: make it Type.Optional(...) or give it withDefault(...)',
    ]);
    const filled = extendEntity(account, {
      fields: { tags: withDefault(json(Type.Array(Type.String())), []) },
    });
    expect(await problemsOf(crmCore(), plugin("b", { extends: { account: filled } }, { requires }))).toEqual([
      'plugin "b": field "account.tags" is json, whose default no database can fill into existing records: make it Type.Optional(...)',
    ]);
  });

  it("do not declare a field twice", async () => {
    expect(
      await problemsOf(
        crmCore(),
        plugin("b", { extends: { account: rating } }, { requires }),
        plugin("c", { extends: { account: rating } }, { requires }),
        plugin(
          "d",
          { extends: { account: extendEntity(account, { fields: { name: Type.Optional(Type.String()) } }) } },
          { requires },
        ),
      ),
    ).toEqual([
      'plugin "c": field "account.rating" is already declared by plugin "b": rename one of the two, or remove one plugin',
      'plugin "d": field "account.name" is already declared by plugin "crm": rename one of the two, or remove one plugin',
    ]);
  });
});
