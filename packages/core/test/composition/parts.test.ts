import {
  account,
  after,
  before,
  beforeAction,
  contact,
  crmCore,
  defineAction,
  defineMetric,
  definePlugin,
  defineRatio,
  defineRoute,
  defineService,
  provide,
} from "@corm/core";
import { createTestCrm } from "@corm/core/testing";
import Type from "typebox";
import { describe, expect, it } from "vitest";
import { plugin, problemsOf, simple } from "./refused.js";

const requires = { crm: "^0.1" };
const nothing = () => {};
const empty = Type.Object({});
const action = (name: string) =>
  defineAction({ name, on: account, input: empty, output: empty, run: async () => ({}) });

describe("actions", () => {
  it("have a name of their own", async () => {
    const sync = () => defineAction({ name: "sync", input: empty, output: empty, run: async () => ({}) });
    expect(
      await problemsOf(
        crmCore(),
        plugin("a", { actions: { close: action("close"), sync: sync() } }, { requires }),
        plugin("b", { actions: { close: action("close"), sync: sync() } }, { requires }),
      ),
    ).toEqual(['plugins "a" and "b" both declare the action "account.close": rename one of the two']);
  });

  it.each(["update", "purge", "query", "Close", "close-now", "__proto__"])("is not %s", async (name) => {
    expect(
      await problemsOf(crmCore(), plugin("a", { actions: { close: action(name) } }, { requires })),
    ).toEqual([expect.stringContaining(`plugin "a": action "account.${name}"`)]);
  });

  it("are on entities that exist", async () => {
    const lost = defineAction({
      name: "board",
      on: simple("ship"),
      input: empty,
      output: empty,
      run: async () => ({}),
    });
    expect(await problemsOf(plugin("a", { actions: { lost } }))).toEqual([
      'plugin "a": action "ship.board" is on the entity "ship", which no plugin declares',
    ]);
  });
});

describe("hooks", () => {
  it("have a name of their own", async () => {
    const twice = () => after(account, "create", { name: "audit.log" }, nothing);
    expect(
      await problemsOf(
        crmCore(),
        plugin("a", { hooks: [twice()] }, { requires }),
        plugin("b", { hooks: [twice()] }, { requires }),
      ),
    ).toEqual(['hook "audit.log" is declared twice, by plugins "a" and "b": names must be unique']);
  });

  it("are on something that exists", async () => {
    const lost = before(simple("ship"), "create", { name: "a.ship" }, nothing);
    const unlisted = beforeAction(action("close"), { name: "a.close" }, nothing);
    const misspelt = before(account, "craete" as "create", { name: "a.craete" }, nothing);
    expect(
      await problemsOf(crmCore(), plugin("a", { hooks: [lost, unlisted, misspelt] }, { requires })),
    ).toEqual([
      'plugin "a": hook "a.ship" is on the entity "ship", which no plugin declares',
      'plugin "a": hook "a.close" is on the action "account.close", which no plugin lists',
      'plugin "a": hook "a.craete" is on the action "account.craete", which no plugin lists',
    ]);
  });

  it("order themselves by hooks that exist, unless their plugin is absent", async () => {
    const named = (name: string, ...after_: string[]) =>
      after(account, "create", { name, after: after_ }, nothing);
    const elsewhere = after(contact, "create", { name: "b.contact" }, nothing);
    expect(
      await problemsOf(
        crmCore(),
        plugin("a", { hooks: [named("a.one", "b.misspelt", "absent.hook", "b.contact")] }, { requires }),
        plugin("b", { hooks: [named("b.one"), elsewhere] }, { requires }),
      ),
    ).toEqual([
      'plugin "a": hook "a.one" orders itself by "b.misspelt", which plugin "b" does not have',
      'plugin "a": hook "a.one" orders itself by "b.contact", which runs on contact.create (after)',
    ]);
    const { crm } = await createTestCrm({
      plugins: [crmCore(), plugin("a", { hooks: [named("a.one", "absent.hook")] }, { requires })],
    });
    await crm.stop();
  });

  it("are not ordered in a circle, which is printed", async () => {
    const hook = (name: string, after_: string, stage: "early" | "normal" = "normal") =>
      after(account, "create", { name, after: after_, stage }, nothing);
    expect(
      await problemsOf(
        crmCore(),
        plugin("a", { hooks: [hook("a.x", "b.y"), hook("a.z", "a.x")] }, { requires }),
        plugin("b", { hooks: [hook("b.y", "a.z")] }, { requires }),
      ),
    ).toEqual([
      "hooks on account / create / after are ordered in a circle: a.x -> b.y -> a.z -> a.x; drop one of their before/after",
    ]);
    // A stage is a constraint like any other.
    expect(
      await problemsOf(
        crmCore(),
        plugin("a", { hooks: [hook("a.early", "a.normal", "early"), hook("a.normal", "")] }, { requires }),
      ),
    ).toEqual([expect.stringContaining("a.early -> a.normal -> a.early")]);
  });
});

describe("services, permissions, metrics", () => {
  it("have a name of their own", async () => {
    const token = defineService<object>("shared.thing");
    const parts = {
      services: [provide(token, () => ({}))],
      permissions: { "lead.convert": "Convert leads" },
      metrics: [
        defineMetric(account, { name: "x.count", label: "Count", unit: "count", measure: { count: true } }),
      ],
    };
    expect(
      await problemsOf(crmCore(), plugin("a", parts, { requires }), plugin("b", parts, { requires })),
    ).toEqual([
      'plugins "a" and "b" both declare the service "shared.thing": rename one of the two',
      'plugins "a" and "b" both declare the metric "x.count": rename one of the two',
      'plugins "a" and "b" both declare the permission "lead.convert": rename one of the two',
    ]);
  });

  it("measure fields that exist", async () => {
    const bad = { label: "x", unit: "number" } as const;
    const metrics = [
      defineMetric(simple("ship"), { ...bad, name: "a.ships", measure: { count: true } }),
      defineMetric(account, { ...bad, name: "a.sum", measure: { sum: "emploees" as "employees" } }),
      defineMetric(account, {
        ...bad,
        name: "a.by",
        measure: { count: true },
        dimensions: ["indutry" as "industry"],
      }),
      defineRatio(account, {
        label: "x",
        name: "a.ratio",
        numerator: { count: true },
        denominator: { sum: "none" as "id" },
      }),
    ];
    expect(await problemsOf(crmCore(), plugin("a", { metrics }, { requires }))).toEqual([
      'plugin "a": metric "a.ships" is on the entity "ship", which no plugin declares',
      'plugin "a": metric "a.sum" names "account.emploees", which does not exist',
      'plugin "a": metric "a.by" names "account.indutry", which does not exist',
      'plugin "a": metric "a.ratio" names "account.none", which does not exist',
    ]);
  });
});

describe("routes", () => {
  const route = (path: string, permission = "public", method: "GET" | "POST" = "GET") =>
    defineRoute({ method, path, permission, summary: "x", handle: async () => new Response() });

  it("do not answer the same requests", async () => {
    expect(
      await problemsOf(
        plugin("a", { routes: [route("/public/forms/:key"), route("/public/forms/:key", "public", "POST")] }),
        plugin("b", { routes: [route("/public/forms/:id")] }),
      ),
    ).toEqual(['plugins "a" and "b" both serve GET /public/forms/:id: change one of the paths']);
  });

  it.each([
    ["/forms", "public"],
    ["/public/x", "lead.read"],
    ["/api/x", "public"],
  ])("lie where their permission says: %s (%s)", async (path, permission) => {
    expect(await problemsOf(plugin("a", { routes: [route(path, permission)] }))).toEqual([
      `plugin "a": route GET ${path} must be below /public/ with permission "public", or below /api/ with another`,
    ]);
  });
});

describe("options of a plugin", () => {
  const mailer = definePlugin({
    name: "mailer",
    version: "1.0.0",
    corm: "^0.1",
    options: Type.Object({
      from: Type.String({ minLength: 3 }),
      retries: Type.Integer({ default: 3, maximum: 10 }),
      smtp: Type.Object({ host: Type.String({ default: "localhost" }) }, { default: {} }),
    }),
    setup: (options) => ({ permissions: { [JSON.stringify(options)]: "seen" } }),
  });
  const seen = (plugin_: ReturnType<typeof mailer>) =>
    JSON.parse(Object.keys(plugin_.parts.permissions ?? {})[0] as string) as unknown;

  it("are checked at once, unknown ones refused, also in nested options", () => {
    expect(() => mailer({ from: "a", retries: 11, form: "x" } as never)).toThrowError(
      /^Options of plugin "mailer": .*form.*\. It takes: from, retries, smtp\.$/,
    );
    try {
      mailer({ from: "a", retries: 11, form: "x", smtp: { hots: "x" } } as never);
      expect.unreachable();
    } catch (error) {
      expect(error).toMatchObject({ code: "invalid-plugin-options" });
      const { message } = error as Error;
      for (const part of ["/from", "/retries", "form", "hots"]) expect(message).toContain(part);
    }
  });

  it("are told when they are missing", () => {
    expect(() => mailer()).toThrowError(/Options of plugin "mailer": .*from/);
    expect(() => mailer("x" as never)).toThrowError(/Options of plugin "mailer"/);
  });

  it("get their defaults", () => {
    expect(seen(mailer({ from: "a@b" }))).toEqual({ from: "a@b", retries: 3, smtp: { host: "localhost" } });
    expect(seen(mailer({ from: "a@b", retries: undefined, smtp: { host: "mx" } } as never))).toEqual({
      from: "a@b",
      retries: 3,
      smtp: { host: "mx" },
    });
  });
});
