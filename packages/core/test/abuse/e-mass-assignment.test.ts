import {
  before,
  crmCore,
  defineEntity,
  definePlugin,
  defineRole,
  defineRoute,
  each,
  grant,
  reference,
  team,
  user,
} from "@corm/core";
import { createHttp } from "@corm/core/http";
import Type from "typebox";
import { expect, it } from "vitest";
import { onDatabases } from "../support/apps.js";
import { stored } from "./support/written.js";

/** A bill of which a representative may write the text, and others the rest. */
const bill = defineEntity("bill", {
  fields: {
    name: Type.String({ minLength: 1, maxLength: 100 }),
    stage: Type.Optional(Type.String({ maxLength: 20 })),
    amountPaid: Type.Optional(Type.Integer()),
    optIn: Type.Optional(Type.Boolean()),
    ownerId: Type.Optional(reference(user, { onDelete: "set null" })),
    teamId: Type.Optional(reference(team, { onDelete: "set null" })),
  },
  access: {},
});

/** What a badly written hook of a plugin leaves in an input. */
let hook: (input: Record<string, unknown>) => void = () => undefined;

const billing = definePlugin({
  name: "billing",
  version: "1.0.0",
  corm: "^0.1",
  requires: { crm: "*" },
  setup: () => ({
    entities: { bill },
    hooks: [
      before(
        bill,
        "create",
        { name: "billing.create" },
        each(({ input }) => hook(input as unknown as Record<string, unknown>)),
      ),
      before(
        bill,
        "update",
        { name: "billing.update" },
        each(({ patch }) => hook(patch as Record<string, unknown>)),
      ),
    ],
    routes: [
      defineRoute({
        method: "POST",
        path: "/api/bills/quick",
        permission: "bill.quick",
        summary: "A bill from its name",
        body: Type.Object({ name: Type.String() }),
        handle: async ({ body }, { ctx }) => Response.json(await ctx.repo(bill).create(body)),
      }),
    ],
  }),
});

const rep = defineRole({
  name: "rep",
  permissions: ["bill.quick"],
  entities: {
    ...grant(user, { read: "all" }),
    ...grant(bill, {
      read: "own",
      create: "own",
      update: "own",
      fields: { stage: "read", amountPaid: "read", optIn: "none" },
    }),
  },
});
const plugins = [crmCore(), billing()] as const;

onDatabases({ plugins, roles: [rep] }, (app) => {
  async function scene() {
    hook = () => undefined;
    const { tenant, entities } = app().fresh();
    const [u1, u2] = await entities.user.createMany([{ name: "U1" }, { name: "U2" }]);
    const ids = { u1: u1?.id as string, u2: u2?.id as string };
    const http = createHttp(app().crm, {
      authenticate: () => ({ actor: { kind: "user", id: ids.u1 }, tenant, roles: ["rep"] }),
    });
    const call = async (method: string, path: string, body: unknown) => {
      const headers = { "content-type": "application/json" };
      const answer = await http.request(path, { method, headers, body: JSON.stringify(body) });
      return { status: answer.status, body: (await answer.json()) as Record<string, unknown> };
    };
    const own = await call("POST", "/api/bills", { name: "mine" });
    expect(own.status).toBe(201);
    const untouched = async (work: () => Promise<unknown>) => {
      const state = await stored(app().crm);
      await work();
      expect(await stored(app().crm)).toBe(state);
    };
    return { call, untouched, ids, path: `/api/bills/${own.body["id"]}` };
  }

  it("E53 a representative sets nothing that his role does not write, by no verb", async () => {
    const { call, untouched, ids, path } = await scene();
    const wrong: [Record<string, unknown>, number][] = [
      [{ roles: ["admin"] }, 400],
      [{ isAdmin: true }, 400],
      [{ tenantId: "other" }, 400],
      [{ tenant_id: "other" }, 400],
      [{ createdBy: ids.u2 }, 400],
      [{ stage: "won" }, 400],
      [{ amountPaid: 1_000_000 }, 400],
      [{ optIn: true }, 400],
      [{ ownerId: ids.u2 }, 403],
    ];
    await untouched(async () => {
      for (const [extra, status] of wrong) {
        const asked: [string, string, unknown][] = [
          ["POST", "/api/bills", { name: "x", ...extra }],
          ["PATCH", path, { name: "x", ...extra }],
        ];
        for (const [method, url, body] of asked)
          expect((await call(method, url, body)).status, `${method} ${JSON.stringify(extra)}`).toBe(status);
        const batch = { operations: [{ op: "create", data: { name: "x", ...extra } }] };
        expect([400, 403], JSON.stringify(extra)).toContain(
          (await call("POST", "/api/bills/batch", batch)).status,
        );
      }
      // What a plugin's own route takes is closed as well.
      expect((await call("POST", "/api/bills/quick", { name: "x", amountPaid: 5 })).status).toBe(422);
    });
  });

  it("E55 what a hook adds is judged like any input, and writes nothing where it is wrong", async () => {
    const { call, untouched, path } = await scene();
    app().errors.length = 0;
    const wrong: [(input: Record<string, unknown>) => void, number][] = [
      [(input) => Object.assign(input, { isAdmin: true }), 500],
      [(input) => Object.assign(input, { tenantId: "other" }), 500],
      [(input) => Object.assign(input, { version: 99 }), 500],
      [(input) => Object.assign(input, { name: "" }), 422],
      [(input) => Object.assign(input, { amountPaid: "a lot" }), 422],
      [(input) => Object.assign(input, { ownerId: "019b0000-0000-7000-8000-00000000dead" }), 422],
    ];
    await untouched(async () => {
      for (const [change, status] of wrong) {
        hook = change;
        expect((await call("POST", "/api/bills", { name: "x" })).status).toBe(status);
        expect((await call("PATCH", path, { name: "x" })).status).toBe(status);
        expect((await call("POST", "/api/bills/quick", { name: "x" })).status).toBe(status);
      }
      hook = () => undefined;
    });
    expect(app().errors).toHaveLength(9);
    // What the hook may do for the actor, the actor may not do himself.
    hook = (input) => Object.assign(input, { stage: "open" });
    expect((await call("POST", "/api/bills", { name: "x" })).body["stage"]).toBe("open");
  });
});
