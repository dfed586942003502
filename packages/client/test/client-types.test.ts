import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { clientTypes } from "@corm/client/types";
import ts from "typescript";
import { afterAll, beforeAll, expect, it } from "vitest";
import { type Served, serveShop } from "./support/serve.js";

let served: Served;
let text: string;
const folder = mkdtempSync(join(tmpdir(), "corm-client-types-"));

beforeAll(async () => {
  served = await serveShop();
  text = clientTypes(await (await fetch(`${served.url}/openapi.json`)).json());
  writeFileSync(join(folder, "package.json"), '{ "type": "module" }');
  writeFileSync(join(folder, "app.ts"), text);
});
afterAll(async () => {
  await served?.close();
  rmSync(folder, { recursive: true, force: true });
});

const client = fileURLToPath(new URL("../src/index.ts", import.meta.url));
const modules = fileURLToPath(new URL("../../../node_modules", import.meta.url));

/** Lines of the user's code that do not compile. */
function problemsOf(code: readonly string[]): string[] {
  const file = join(folder, "use.ts");
  const head = [
    `import { createClient } from "@corm/client";`,
    `import { type App, paths } from "./app.js";`,
    `const client = createClient<App>({ url: "https://crm.example.com", key: "k", paths });`,
  ];
  writeFileSync(file, [...head, ...code].join("\n"));
  const program = ts.createProgram([file], {
    target: ts.ScriptTarget.ES2023,
    lib: ["lib.es2023.d.ts"],
    types: ["node"],
    typeRoots: [join(modules, "@types")],
    module: ts.ModuleKind.NodeNext,
    moduleResolution: ts.ModuleResolutionKind.NodeNext,
    strict: true,
    exactOptionalPropertyTypes: true,
    noUncheckedIndexedAccess: true,
    skipLibCheck: true,
    noEmit: true,
    customConditions: ["@corm/source"],
    paths: {
      "@corm/client": [client],
      "@corm/core": [fileURLToPath(new URL("../core-types.ts", import.meta.url))],
    },
  });
  const found = [file, join(folder, "app.ts")].flatMap((name) => {
    const source = program.getSourceFile(name);
    return source
      ? [...program.getSyntacticDiagnostics(source), ...program.getSemanticDiagnostics(source)]
      : [];
  });
  return found.map(({ file: where, start = 0, messageText }) => {
    const line = where?.getLineAndCharacterOfPosition(start).line ?? 0;
    const said = ts.flattenDiagnosticMessageText(messageText, " ").slice(0, 160);
    return where?.fileName === file ? `${line - head.length}: ${said}` : `app.ts:${line}: ${said}`;
  });
}

it("types what the API takes and answers, for code that has no source of the app", () => {
  expect(
    problemsOf([
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
      `export { amount, codes, industry, loyal, n, orders, paid, state };`,
    ]),
  ).toEqual([]);
}, 120_000);

it("refuses what the API would refuse", () => {
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
  const lines = problemsOf([...wrong, "export {};"]).map((problem) => Number(problem.split(":")[0]));
  expect([...new Set(lines)]).toEqual(wrong.map((_, index) => index));
}, 120_000);

it("knows the paths, so that no call has to ask for them", () => {
  expect(text).toContain('"shopOrder": "till-rolls"');
  expect(text).not.toMatch(/\bany\b/);
});

it("refuses other documents", () => {
  expect(() => clientTypes({ openapi: "3.1.0", paths: {} })).toThrow("no OpenAPI document of a Corm API");
  expect(() => clientTypes(null)).toThrow("no OpenAPI document");
});
