import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { account, contact, crmCore, defineRole, grant, issueApiKey } from "@corm/core";
import { createHttp } from "@corm/core/http";
import { createTestCrm } from "@corm/core/testing";
import { leads } from "@corm/plugin-leads";
import { marketing } from "@corm/plugin-marketing";
import { sales } from "@corm/plugin-sales";
import { service } from "@corm/plugin-service";
import ts from "typescript";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { runCli } from "../../core/src/cli/run.js";
import { problemsOf } from "./support/compile.js";
import { listen } from "./support/serve.js";
import { shop, shopOrder } from "./support/shop.js";

const folder = mkdtempSync(join(tmpdir(), "corm-client-types-"));
const closing: (() => Promise<void>)[] = [];
afterAll(async () => {
  for (const close of closing) await close();
  rmSync(folder, { recursive: true, force: true });
});

/** Sees less of everything than there is. */
const clerk = defineRole({
  name: "clerk",
  entities: {
    ...grant(account, { read: "all" }),
    ...grant(contact, {
      read: "all",
      update: "all",
      fields: { phone: "masked", birthday: "none", firstName: "read" },
    }),
    ...grant(shopOrder, { read: "all", create: "all", update: "all" }),
  },
  permissions: ["shopOrder.pay"],
});

const listed = [crmCore(), sales(), leads(), service(), marketing(), shop()] as const;

async function serve(plugins: typeof listed) {
  const { crm, me } = await createTestCrm({ plugins, roles: [clerk] });
  const http = createHttp(crm);
  const { url, close } = await listen((request) => http.fetch(request));
  closing.push(close, () => crm.stop());
  const keyOf = async (role: string) => (await issueApiKey(me, { name: role, roles: [role] })).key;
  return { url, admin: await keyOf("admin"), clerk: await keyOf("clerk") };
}

/** `corm client types …`. */
async function types(...args: string[]) {
  const out: string[] = [];
  const errors: string[] = [];
  const code = await runCli(
    ["client", "types", ...args],
    {},
    { out: (line) => out.push(line), error: (line) => errors.push(line) },
  );
  return { code, text: out.join("\n"), error: errors.join("\n") };
}

let api: Awaited<ReturnType<typeof serve>>;
beforeAll(async () => {
  api = await serve(listed);
});

describe("the types of a served CRM", () => {
  let text: string;
  let ofClerk: string;
  beforeAll(async () => {
    text = (await types(api.url, "--key", api.admin)).text;
    ofClerk = (await types(`${api.url}/`, "--key", api.clerk)).text;
  });
  const problems = (code: readonly string[], crm = text) =>
    problemsOf(join(folder, "outside"), { "crm.d.ts": `${crm}\n` }, code);
  const linesOf = (found: readonly string[]) => [
    ...new Set(found.map((problem) => Number(problem.split(":")[0]))),
  ];

  it("say what the API takes and answers", () => {
    expect(
      problems([
        `const made = await client.shopOrder.create({ code: "1", total: { amount: "1.00", currency: "EUR" }, pieces: null });`,
        `const state: "open" | "paid" | "void" = made.state;`,
        `const amount: string | undefined = made.total?.amount;`,
        `const page = await client.shopOrder.find({ where: { pieces: { gt: 1 }, account: { industry: "x" } }, select: ["id"], include: ["account"] });`,
        `const industry: string | null | undefined = page.items[0]?.account?.industry;`,
        `const paid: string = (await client.shopOrder.pay(made.id, { by: "card" })).by;`,
        `const n: number = (await client.shopOrder.voidAll()).n;`,
        `const orders: number = (await client.run("shop.closeTill", { day: "x" })).orders;`,
        `const loyal: number | null = (await client.contact.create({ lastName: "L", loyalty: 3 })).loyalty;`,
        `await client.shopOrder.update(made.id, { extra: { a: 1 } });`,
        `const codes: readonly string[] = (await client.account.get("x", { include: ["orders"] })).orders.map((order) => order.code);`,
        `for await (const { title } of client.contact.streamTimeline("x")) title.trim();`,
        `const stage: string = (await client.opportunity.get("x", { include: ["account"] })).stageId;`,
        `export { amount, codes, industry, loyal, n, orders, paid, stage, state };`,
      ]),
    ).toEqual([]);
  }, 120_000);

  it("refuse what the API would refuse", () => {
    const wrong = [
      `await client.nothing.create({});`,
      `await client.shopOrder.create({});`,
      `await client.shopOrder.create({ code: 1 });`,
      `await client.shopOrder.create({ code: "1", cdoe: "2" });`,
      `await client.shopOrder.create({ code: "1", state: "gone" });`,
      `await client.shopOrder.create({ code: "1", total: 3 });`,
      `await client.shopOrder.find({ where: { peices: 1 } });`,
      `await client.shopOrder.find({ include: ["nothing"] });`,
      `await client.shopOrder.update("id", { code: null });`,
      `await client.shopOrder.pay("id", { by: 1 });`,
      `await client.run("shop.openTill", {});`,
    ];
    expect(linesOf(problems([...wrong, "export {};"]))).toEqual(wrong.map((_, index) => index));
  }, 120_000);

  it("are those of what the key may see", () => {
    expect(
      problems(
        [
          `const phone: string | null = (await client.contact.get("x")).phone;`,
          `await client.contact.update("x", { lastName: "L" });`,
          `await client.shopOrder.pay("x", { by: "card" });`,
          `export { phone };`,
        ],
        ofClerk,
      ),
    ).toEqual([]);
    const unseen = [
      `(await client.contact.get("x")).birthday;`,
      `await client.contact.update("x", { phone: "1" });`,
      `await client.contact.update("x", { firstName: "F" });`,
      `await client.contact.find({ where: { birthday: "2000-01-01" } });`,
      `await client.opportunity.find();`,
      `await client.account.get("x", { include: ["opportunities"] });`,
      `await client.shopOrder.voidAll();`,
      `await client.run("shop.closeTill", { day: "x" });`,
    ];
    const found = linesOf(problems([...unseen, "export {};"], ofClerk));
    expect(found).toEqual(unseen.map((_, index) => index));
    expect(ofClerk).not.toMatch(/birthday|[Oo]pportunit|voidAll|closeTill/);
  }, 120_000);

  it("are the same bytes each time, in whatever order the plugins are listed", async () => {
    const [core, ...rest] = listed;
    const other = await serve([core, ...rest.toReversed()] as unknown as typeof listed);
    expect((await types(other.url, "--key", other.admin)).text).toBe(text);
    expect((await types(api.url, "--key", api.admin)).text).toBe(text);
    // Words of descriptions are not types.
    const code = text.replaceAll(/\/\*\*[\s\S]*?\*\//g, "");
    expect(code).not.toMatch(/\bany\b/);
    expect(text).toContain("/** ");
  });

  it("are of the whole API without a key", async () => {
    const { code, text: whole } = await types(api.url);
    expect(code).toBe(0);
    expect(problems(["export {};"], whole)).toEqual([]);
    for (const name of ["contact", "opportunity", "shopOrder", "lead"])
      expect(whole).toContain(`"${name}": {`);
  }, 120_000);
});

describe("the file", () => {
  it("is a declaration file, or a source file that has the paths as well", async () => {
    const declarations = join(folder, "crm.d.ts");
    expect(await types(api.url, "--key", api.admin, "--out", declarations)).toEqual({
      code: 0,
      text: "",
      error: "",
    });
    expect(readFileSync(declarations, "utf8")).toBe(`${(await types(api.url, "--key", api.admin)).text}\n`);
    const source = join(folder, "crm.ts");
    await types(api.url, "--key", api.admin, "--out", source);
    const { paths } = await import(source);
    expect(paths).toMatchObject({ shopOrder: "till-rolls", contact: "contacts" });
    expect(readFileSync(source, "utf8").startsWith(readFileSync(declarations, "utf8").trimEnd())).toBe(true);
  });

  it("is left alone when the API cannot be read, and the error says why and not the key", async () => {
    const out = join(folder, "kept.d.ts");
    writeFileSync(out, "// as it was");
    const bad = await listen((request) => {
      const { pathname } = new URL(request.url);
      if (pathname.startsWith("/moved")) return Response.redirect("https://elsewhere.example/", 302);
      if (pathname.startsWith("/html")) return new Response("<h1>Hello</h1>");
      if (pathname.startsWith("/other"))
        return Response.json({ openapi: "3.1.0", paths: {}, components: {} });
      if (pathname.startsWith("/list")) return Response.json([null]);
      return new Response(null, { status: 404 });
    });
    closing.push(bad.close);
    const secret = "corm_never_printed";
    for (const [url, message] of [
      [api.url, "it does not take this key"],
      [`${bad.url}/moved`, "it points to https://elsewhere.example/"],
      [`${bad.url}/html`, "not JSON"],
      [`${bad.url}/other`, "not of a Corm API"],
      [`${bad.url}/list`, "not of a Corm API"],
      [`${bad.url}/nothing`, "answers 404"],
      ["http://127.0.0.1:1", "cannot be read"],
      ["crm.example.com", "is no URL of an API"],
      ["file:///etc/passwd", "is no URL of an API"],
      ["https://user:pass@crm.example.com", "is no URL of an API"],
    ] as const) {
      const { code, error, text } = await types(url, "--key", secret, "--out", out);
      expect([code, text], url).toEqual([2, ""]);
      expect(error).toContain(message);
      expect(error).not.toContain(secret);
    }
    const broken = await types(api.url, "--key", `${secret}\n`, "--out", out);
    expect([broken.code, broken.error.includes(secret)]).toEqual([2, false]);
    expect(readFileSync(out, "utf8")).toBe("// as it was");
    expect((await types()).error).toContain("Give one <url>");
    expect((await types(api.url, "more")).code).toBe(2);
    expect((await types("--help")).text).toContain("corm client types <url>");
  });

  it("takes the key from CORM_API_KEY", async () => {
    const out: string[] = [];
    const output = { out: (line: string) => out.push(line), error: (line: string) => out.push(line) };
    await runCli(["client", "types", api.url], { CORM_API_KEY: api.clerk }, output);
    expect(out.join()).toBe((await types(api.url, "--key", api.clerk)).text);
  });
});

describe("what a hostile server sends", () => {
  const BREAKOUT = `*/ globalThis.pwned = 1; /* "; } \u2028\u202e \`\${1}\` \\`;
  const field = (extra: object = {}) => ({ type: "string", description: BREAKOUT, ...extra });
  const component = {
    type: "object",
    title: `${BREAKOUT}\n@ts-nocheck\n*/`,
    properties: {
      id: field(),
      'a"; } declare global { var pwned: 1 } //': field({ enum: ['x"; //', "*/", "\u2028", `a'b\`c\${d}`] }),
      "*/": field({ const: "*/" }),
      ["__proto__"]: field(),
      constructor: field(),
      "line\nbreak": field({ type: "array", items: { $ref: "#/components/schemas/Nothing; evil()" } }),
      deep: nested(400),
      odd: { type: "constructor" },
      tuple: { type: "array", prefixItems: [{ type: "string" }, { type: "number" }], items: false },
    },
    required: [
      "id",
      'a"; } declare global { var pwned: 1 } //',
      "*/",
      "__proto__",
      "constructor",
      "line\nbreak",
      "deep",
      "odd",
      "tuple",
    ],
  };
  function nested(depth: number): object {
    let schema: object = { type: "string" };
    for (let n = 0; n < depth; n++) schema = { type: "object", properties: { a: schema }, required: ["a"] };
    return schema;
  }
  const find = (operationId: string) => ({ get: { operationId } });
  const names = [
    "app",
    "money",
    "record",
    "lead",
    "leadInput",
    "leadRelated",
    "constructor",
    "string",
    "any",
  ];
  const document = {
    openapi: "3.1.0",
    paths: {
      ...Object.fromEntries(names.map((name) => [`/api/${name}`, find(`${name}.find`)])),
      '/api/"; evil(); //': find("path.find"),
      "/api/proto": find("__proto__.find"),
      "/api/quote": find('x": never; evil: {.find'),
      "/elsewhere": find("outside.find"),
      "/api/lead/{id}/do": {
        post: { operationId: "lead.do", description: BREAKOUT, requestBody: null, responses: [] },
      },
      "/api/lead/{id}/bad": { post: { operationId: 'lead.do"; evil' } },
      "/api/actions/x.y": { post: { operationId: "x.y", description: "*/ evil" } },
      "/api/nothing": null,
    },
    components: {
      schemas: {
        "Corm.Problem": {},
        ...Object.fromEntries(
          [...names, "path"].flatMap((name) => {
            const pascal = name.charAt(0).toUpperCase() + name.slice(1);
            return [
              [pascal, component],
              [`${pascal}.Input`, { ...component, additionalProperties: false }],
            ];
          }),
        ),
      },
    },
  };

  it("ends up as names and comments, and nowhere else", async () => {
    const server = await listen(() => Response.json(document));
    closing.push(server.close);
    const file = join(folder, "hostile.ts");
    expect((await types(server.url, "--out", file)).error).toBe("");
    const text = readFileSync(file, "utf8");
    expect(
      problemsOf(join(folder, "hostile"), { "crm.ts": text }, [
        `const row = await client.lead.get("x");`,
        `const a: "*/" = row["*/"];`,
        `const b: string = row["__proto__"];`,
        `const c: string = row.constructor;`,
        `const d: readonly [string, number] = row.tuple;`,
        `await client.lead.do("x");`,
        `await client.entities.constructor.get("1");`,
        `export { a, b, c, d };`,
      ]),
    ).toEqual([]);
    const source = ts.createSourceFile("crm.ts", text, ts.ScriptTarget.ES2023, true);
    const others = source.statements.filter((statement) => !ts.isInterfaceDeclaration(statement));
    expect(others.map(ts.isVariableStatement)).toEqual([true]);
    const found = source.statements.filter(ts.isInterfaceDeclaration).map(({ name }) => name.text);
    expect(found.length).toBe(new Set(found).size);
    expect(found.length).toBe(2 + 3 * (names.length + 1));
    expect(text).not.toMatch(/[\u2028\u202e]/);
    const { paths } = await import(file);
    expect(Object.keys(paths).sort()).toEqual([...names, "path"].sort());
    expect((globalThis as { pwned?: unknown }).pwned).toBeUndefined();
    expect(existsSync(join(folder, "evil"))).toBe(false);
  }, 120_000);

  it("is read up to a bound, and refused where it is no shape of an API", async () => {
    const endless = await listen(
      () =>
        new Response(
          new ReadableStream({
            pull: (controller) => controller.enqueue(new Uint8Array(4 * 1024 * 1024).fill(32)),
          }),
        ),
    );
    closing.push(endless.close);
    expect((await types(endless.url)).error).toContain("more than 64 MB");
    for (const odd of [
      "null",
      "1",
      "[]",
      '{"paths":[],"components":{"schemas":{}}}',
      '{"paths":{},"components":null}',
    ]) {
      const server = await listen(() => new Response(odd));
      closing.push(server.close);
      expect((await types(server.url)).error, odd).toContain("not of a Corm API");
    }
  }, 60_000);
});
