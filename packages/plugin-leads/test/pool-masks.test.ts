import { crmCore, defineRole, everything, issueApiKey } from "@corm/core";
import { createHttp } from "@corm/core/http";
import { createTestCrm } from "@corm/core/testing";
import { afterEach, beforeEach, expect, it } from "vitest";
import { lead, leads } from "../src/index.js";
import { fill, type PoolCrm, poolOf } from "./pool-support.js";

const EMAIL = "lead0@example.com";
/** Everything on every entity, and every permission but the one to read leads of pools. */
const manager = defineRole({
  name: "manager",
  entities: { "*": everything },
  permissions: ["leadPool.*", "lead.convert", "lead.explainScore", "lead.score", "lead.findDuplicates"],
});
const reader = defineRole({
  name: "reader",
  entities: { "*": everything },
  permissions: ["leadPool.*", "lead.readPooled"],
});
const rep = defineRole({
  name: "rep",
  entities: { lead: { read: "own" }, leadPool: { read: "team" } },
  permissions: ["leadPool.browse", "leadPool.claim", "leadPool.release"],
});

let test: PoolCrm;
let pooled: string;
let poolId: string;
let as: (role: string, userId?: string) => PoolCrm["me"];
let holder: string;

beforeEach(async () => {
  test = await createTestCrm({ plugins: [crmCore(), leads()], roles: [manager, reader, rep] });
  const { pool, users } = await poolOf(test, 1);
  holder = users[0]!.id;
  poolId = pool.id;
  pooled = (await fill(test, pool.id, 1))[0] as string;
  const { captureForm, captureSubmission, lead } = test.me.entities;
  const form = await captureForm.create({
    key: "contact",
    title: "Contact",
    fields: [{ name: "email", label: "E-mail", type: "email" }],
  });
  await captureSubmission.create({
    formId: form.id,
    submissionId: "1",
    status: "accepted",
    values: { email: EMAIL },
    leadId: pooled,
  });
  await captureSubmission.create({
    formId: form.id,
    submissionId: "2",
    status: "quarantined",
    values: { email: "x@example.com" },
  });
  await lead.create({ lastName: "Free", email: "free@example.com" });
  as = (role, userId = "019b8d62-0000-7000-8000-000000000001") =>
    test.crm.as({ actor: { kind: "user", id: userId }, userId, tenant: "test", roles: [role] });
});
afterEach(() => test.crm.stop());

/** All ways to a lead, and what each tells of the one in the pool. */
async function told(me: PoolCrm["me"]): Promise<Record<string, unknown>> {
  const { lead, captureSubmission, duplicatePair } = me.entities;
  const code = (work: Promise<unknown>) =>
    work.then(
      () => "read",
      (error: { code: string }) => error.code,
    );
  return {
    get: await code(lead.get(pooled)),
    list: (await lead.find({ limit: 10 })).items.length,
    filter: await lead.count({ email: EMAIL }),
    filterPhone: await lead.count({ phone: { startsWith: "+4930" } }),
    sort: (await lead.find({ orderBy: ["-email"], limit: 1 })).items[0]?.id === pooled,
    search: (await lead.find({ search: "lead0", limit: 10 })).items.length,
    group: (await lead.aggregate({ groupBy: ["email"], measures: { n: { count: true } } })).length,
    history: await code(lead.history(pooled)),
    changes: (await me.changes({ limit: 500 })).items.filter(({ record }) => record === pooled).length > 0,
    timeline: await code(lead.timeline(pooled)),
    submissions: await captureSubmission.count(),
    through: await captureSubmission.count({ lead: { email: EMAIL } } as never),
    pairs: await duplicatePair.count(),
    convert: await code(lead.convert(pooled, { dryRun: true })),
    update: await code(lead.update(pooled, { notes: "x" })),
  };
}

const NOTHING = {
  get: "not-found",
  list: 1,
  filter: 0,
  filterPhone: 0,
  sort: false,
  search: 0,
  group: 1,
  history: "not-found",
  changes: false,
  timeline: "not-found",
  submissions: 1,
  through: 0,
  pairs: 0,
  convert: "not-found",
  update: "not-found",
};

it("keeps phone and e-mail of who waits in a pool from roles that reach all leads, on every path", async () => {
  expect(await told(as("manager"))).toEqual(NOTHING);
  const { items } = await as("manager").entities.leadPool.browse(poolId, {});
  expect(items).toMatchObject([{ id: pooled, email: "***@example.com", phone: "***50" }]);

  // Over HTTP as well: lists, exports, expansions.
  const { key } = await issueApiKey(test.me, { name: "manager", roles: ["manager"] });
  const app = createHttp(test.crm);
  const get = async (path: string) =>
    (await app.request(path, { headers: { authorization: `Bearer ${key}` } })).text();
  for (const path of [
    "/api/leads?limit=50",
    `/api/leads/${pooled}`,
    "/api/leads?q=lead0",
    "/api/leads/export?format=csv",
    "/api/capture-submissions?include=lead",
    `/api/leads/${pooled}/history`,
    `/api/leads/${pooled}/timeline`,
    "/api/changes",
    `/api/lead-pools/${poolId}?include=leads`,
  ]) {
    const body = await get(path);
    expect(body, path).not.toContain(EMAIL);
    expect(body, path).not.toContain("+49301234");
  }
  expect(await get("/api/leads/export?format=csv")).toContain("free@example.com");
});

it("shows them to who holds the lead, and to roles with the permission", async () => {
  const seen = await told(as("reader"));
  expect(seen).toMatchObject({
    get: "read",
    list: 2,
    filter: 1,
    search: 1,
    history: "read",
    changes: true,
    submissions: 2,
  });
  await as("rep", holder).entities.leadPool.claim({ poolId, leadIds: [pooled] });
  expect(await as("rep", holder).entities.lead.get(pooled)).toMatchObject({ email: EMAIL });
  // Once somebody has it, it is a lead as any other.
  expect(await told(as("manager"))).toMatchObject({
    get: "read",
    list: 2,
    filter: 1,
    update: "read",
    submissions: 2,
  });
  await as("rep", holder).entities.leadPool.release({ poolId, leadIds: [pooled] });
  expect(await told(as("manager"))).toEqual(NOTHING);
  const { restrictedBy } = await as("manager").explainAccess(lead, pooled, "read");
  expect(restrictedBy).toEqual(["leads.pooled"]);
});
