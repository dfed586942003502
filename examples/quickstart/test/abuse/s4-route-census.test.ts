import type { Identity } from "@corm/core";
import { createHttp } from "@corm/core/http";
import { afterAll, beforeAll, expect, it } from "vitest";
import { secondOpinion } from "../../../../packages/core/test/http/support/second-opinion.js";
import { openCrm, type QuickstartCrm } from "../../src/crm.js";

/**
 * Every route of core and the five plugins, as the router has them, against callers that must get nowhere. A plugin's
 * new route is in here by itself; one without a declared policy fails.
 */
interface Route {
  readonly method: string;
  readonly path: string;
  readonly policy: string | undefined;
}

const ABSENT = "01941f29-7c00-7000-8000-00000000dead";
const as: Record<string, Identity> = {
  admin: { actor: { kind: "user", id: "a" }, tenant: "census", roles: ["admin"] },
  nobody: { actor: { kind: "user", id: "n" }, tenant: "census", roles: [] },
  foreigner: { actor: { kind: "user", id: "f" }, tenant: "elsewhere", roles: ["admin"] },
};

let crm: QuickstartCrm;
let http: ReturnType<typeof createHttp>;
let routes: readonly Route[];
let document: Readonly<Record<string, unknown>>;
let record: string;
beforeAll(async () => {
  crm = await openCrm("sqlite::memory:", "census");
  http = createHttp(crm, { authenticate: (request) => as[request.headers.get("x-who") ?? ""] });
  document = (await (await http.request("/openapi.json")).json()) as typeof document;
  const described = document as {
    paths: Record<string, Record<string, { "x-corm-policy"?: string }>>;
  };
  routes = Object.entries(described.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({
      method: method.toUpperCase(),
      path,
      policy: operation["x-corm-policy"],
    })),
  );
  const system = crm.system({ tenant: "census", reason: "test" });
  ({ id: record } = await system.entities.account.create({ name: "Census" }));
});
afterAll(() => crm.stop());

const closed = () => routes.filter(({ policy }) => policy !== "open");

async function ask(route: Route, who: string | undefined, id: string) {
  const { method } = route;
  const path = route.path.replace(/\{\w+\}/g, id);
  const headers = { "content-type": "application/json", ...(who === undefined ? {} : { "x-who": who }) };
  const body = method === "GET" || method === "DELETE" ? {} : { body: "{}" };
  const answer = await http.request(path, { method, headers, ...body });
  await answer.text();
  return answer.status;
}

/** Which statuses came, with the routes that answered something else than expected. */
async function census(
  list: readonly Route[],
  who: string | undefined,
  id: string,
  allowed: readonly number[],
) {
  const counts: Record<number, number> = {};
  const wrong: string[] = [];
  for (const route of list) {
    const status = await ask(route, who, id);
    counts[status] = (counts[status] ?? 0) + 1;
    if (!allowed.includes(status)) wrong.push(`${route.method} ${route.path}: ${status}`);
  }
  console.info(`route census: ${who ?? "anonymous"}`, list.length, "routes", counts);
  return wrong;
}

async function rows(): Promise<number[]> {
  const counts: number[] = [];
  for (const tenant of ["census", "elsewhere"]) {
    const session = crm.system({ tenant, reason: "count" });
    for (const repository of Object.values(session.entities))
      counts.push(await (repository as { count(): Promise<number> }).count());
  }
  return counts;
}

it("is described by a document in which nothing is wrong", async () => {
  expect(await secondOpinion(document)).toEqual([]);
});

it("declares a policy for every route", () => {
  expect(routes.filter(({ policy }) => policy === undefined)).toEqual([]);
  expect(routes.length).toBeGreaterThan(200);
  for (const { path, policy } of routes) if (policy === "open") expect(path).not.toMatch(/^\/api\//);
});

it("answers 401 to anonymous callers, everywhere but at open routes", async () => {
  const before = await rows();
  expect(await census(closed(), undefined, ABSENT, [401])).toEqual([]);
  expect(await rows()).toEqual(before);
});

it("does nothing for callers without roles", async () => {
  const before = await rows();
  const asked = closed().filter(({ policy }) => policy !== "authenticated");
  expect(await census(asked, "nobody", record, [400, 403, 404, 415, 422])).toEqual([]);
  expect(await rows()).toEqual(before);
});

it("finds nothing under forged ids, nor under those of another tenant", async () => {
  const before = await rows();
  const onRecords = closed().filter(({ path }) => path.includes("{"));
  expect(await census(onRecords, "admin", ABSENT, [400, 404, 415, 422])).toEqual([]);
  expect(await census(onRecords, "admin", "nonsense", [400, 404, 415, 422])).toEqual([]);
  expect(await census(onRecords, "foreigner", record, [400, 404, 415, 422])).toEqual([]);
  expect(await rows()).toEqual(before);
});
