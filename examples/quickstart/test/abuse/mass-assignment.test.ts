import type { Identity } from "@corm/core";
import { createHttp } from "@corm/core/http";
import { expect, it } from "vitest";
import { openCrm } from "../../src/crm.js";

interface Schema {
  readonly properties?: Readonly<Record<string, unknown>>;
  readonly $ref?: string;
}

/** Columns as they are stored, and names that other systems give to such. */
const INTERNAL = [
  "id",
  "tenantId",
  "tenant_id",
  "tenant",
  "version",
  "createdAt",
  "created_at",
  "createdBy",
  "updatedAt",
  "updatedBy",
  "deletedAt",
  "deleted_at",
  "live",
  "passwordHash",
  "password_hash",
  "isAdmin",
  "roles",
  "permissions",
  "__proto__",
  "constructor",
];

it("E52 a create takes what its entity declares, and no property of any other entity", async () => {
  const crm = await openCrm("sqlite::memory:", "mass");
  const admin: Identity = { actor: { kind: "user", id: "a" }, tenant: "mass", roles: ["admin"] };
  const http = createHttp(crm, { authenticate: () => admin });
  const document = (await (await http.request("/openapi.json")).json()) as {
    paths: Record<string, Record<string, { requestBody?: { content: Record<string, { schema: Schema }> } }>>;
    components: { schemas: Record<string, Schema> };
  };
  const resolved = (schema: Schema | undefined): Schema =>
    schema?.$ref
      ? (document.components.schemas[schema.$ref.split("/").at(-1) as string] as Schema)
      : (schema ?? {});
  const inputs = new Map<string, ReadonlySet<string>>();
  for (const [path, methods] of Object.entries(document.paths)) {
    if (!("get" in methods) || !("post" in methods) || !/^\/api\/[a-z-]+$/.test(path)) continue;
    const { properties } = resolved(methods["post"]?.requestBody?.content["application/json"]?.schema);
    if (properties) inputs.set(path, new Set(Object.keys(properties)));
  }
  expect(inputs.size).toBeGreaterThan(20);
  const everything = new Set([...INTERNAL, ...[...inputs.values()].flatMap((names) => [...names])]);
  const declared = Object.values(document.components.schemas).flatMap(({ properties = {} }) =>
    Object.keys(properties),
  );
  for (const name of declared) everything.add(name);

  const count = async () => {
    const { entities } = crm.system({ tenant: "mass", reason: "count" });
    const counts = [];
    for (const [name, repository] of Object.entries(entities))
      counts.push([name, await (repository as { count(): Promise<number> }).count()]);
    return counts;
  };
  const before = await count();
  let tried = 0;
  for (const [path, own] of inputs) {
    for (const name of everything) {
      if (own.has(name)) continue;
      tried += 1;
      const body = `{${JSON.stringify(name)}: "x"}`;
      const answer = await http.request(path, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body,
      });
      const problem = (await answer.json()) as { code?: string };
      expect([answer.status, problem.code], `${path} ${name}`).toEqual([400, "unknown-field"]);
    }
  }
  console.info(`mass assignment: ${inputs.size} entities, ${tried} properties that are not theirs`);
  expect(tried).toBeGreaterThan(2000);
  expect(await count()).toEqual(before);
  await crm.stop();
}, 120_000);
