import { createCrm, defineJob, definePlugin, defineRole, PermanentFailure } from "@corm/core";
import { createHttp } from "@corm/core/http";
import { sqlite } from "@corm/core/knex";
import Type from "typebox";
import { afterAll, beforeAll, expect, it } from "vitest";

let works = false;
const send = defineJob("post.send", {
  input: Type.Object({ letter: Type.String() }),
  run: async () => {
    if (!works) throw PermanentFailure({ reason: "The letter box is full." });
  },
});
const post = definePlugin({
  name: "post",
  version: "1.0.0",
  corm: "^0.1",
  setup: () => ({ jobs: [send] }),
});

const roles = [
  defineRole({ name: "reader", label: "Reader", entities: {}, permissions: ["jobs.read"] }),
  defineRole({ name: "keeper", label: "Keeper", entities: {}, permissions: ["jobs.*"] }),
];
const start = () => createCrm({ storage: sqlite(":memory:"), plugins: [post()], roles, onError: () => {} });
let crm: Awaited<ReturnType<typeof start>>;
let call: (as: string, path: string, method?: string) => Promise<{ status: number; body: never }>;

beforeAll(async () => {
  crm = await start();
  const http = createHttp(crm, {
    // "tenant/role", or nobody.
    authenticate: (request) => {
      const [tenant, role] = (request.headers.get("authorization") ?? "").split("/");
      return tenant && role ? { actor: { kind: "user", id: "u" }, tenant, roles: [role] } : undefined;
    },
  });
  call = async (as, path, method = "GET") => {
    const response = await http.request(path, { method, headers: { authorization: as } });
    return { status: response.status, body: (await response.json()) as never };
  };
});
afterAll(() => crm.stop());

const make = async (letter: string, tenant = "a") =>
  (await crm.system({ tenant, reason: "test" }).jobs.enqueue(send, { letter })).id;

it("lists jobs to those who may read them, of their own tenant", async () => {
  const id = await make("one");
  await make("two", "b");
  const { status, body } = await call(
    "a/reader",
    "/api/jobs?state=ready&name=post.send&queue=default&limit=10",
  );
  expect(status).toBe(200);
  expect(body).toMatchObject({
    data: [{ id, state: "ready", input: { letter: "one" }, actor: { kind: "system", id: null } }],
    page: { next: null, limit: 10 },
  });
  expect(await call("a/reader", `/api/jobs/${id}`)).toMatchObject({ status: 200, body: { id } });
  expect(await call("", "/api/jobs")).toMatchObject({ status: 401 });
  expect(await call("a/nothing", "/api/jobs")).not.toMatchObject({ status: 200 });
  expect(await call("b/reader", `/api/jobs/${id}`)).toMatchObject({
    status: 404,
    body: { code: "not-found" },
  });
  for (const query of ["state=asleep", "limit=many", "sort=id", "after=forged"])
    expect(await call("a/reader", `/api/jobs?${query}`)).toMatchObject({ status: 400 });
});

it("replays and cancels for those who may manage them", async () => {
  await crm.worker().run();
  const { body } = await call("a/keeper", "/api/jobs?state=dead");
  const [dead] = (body as { data: { id: string; error: string }[] }).data;
  expect(dead?.error).toBe("permanent-failure: The letter box is full.");
  const path = `/api/jobs/${dead?.id}`;
  expect(await call("a/reader", `${path}/replay`, "POST")).toMatchObject({ status: 403 });
  expect(await call("b/keeper", `${path}/replay`, "POST")).toMatchObject({ status: 404 });
  expect(await call("a/keeper", `${path}/replay`, "POST")).toMatchObject({
    status: 200,
    body: { state: "ready", attempts: 0 },
  });
  expect(await call("a/keeper", `${path}/replay`, "POST")).toMatchObject({
    status: 409,
    body: { code: "job-state" },
  });
  expect(await call("a/reader", `${path}/cancel`, "POST")).toMatchObject({ status: 403 });
  expect(await call("a/keeper", `${path}/cancel`, "POST")).toMatchObject({
    status: 200,
    body: { state: "cancelled" },
  });
  works = true;
  await call("a/keeper", `${path}/replay`, "POST");
  await crm.worker().run();
  expect(await call("a/keeper", path)).toMatchObject({ body: { state: "done", input: null } });
});
