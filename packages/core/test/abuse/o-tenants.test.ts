import { account, createSubscriber, issueApiKey } from "@corm/core";
import { createHttp } from "@corm/core/http";
import { beforeAll, expect, it } from "vitest";
import { onEngines } from "../http/support/on-engines.js";
import { parcel } from "../http/support/parcels.js";
import type { TestApi } from "../http/support/start.js";
import { stored } from "./support/written.js";

onEngines((started) => {
  let api: TestApi;
  let mine: string;
  let theirs: string;
  beforeAll(async () => {
    api = started();
    ({ id: mine } = await api.me.repo(parcel).create({ code: "MINE" }));
    ({ id: theirs } = await api.inTenant("other").repo(parcel).create({ code: "THEIRS" }));
  });

  it("O117 the tenant comes from the credential, and from nothing else that a request says", async () => {
    const before = await stored(api.crm);
    const spoofed: Record<string, string>[] = [
      { host: "other.crm.example.com" },
      { "x-tenant": "other" },
      { "x-tenant-id": "other" },
      { "x-corm-tenant": "other" },
      { "x-forwarded-host": "other.crm.example.com" },
      { forwarded: "host=other" },
      { cookie: "tenant=other; corm_tenant=other" },
      { "x-original-url": `/api/parcels/${theirs}` },
      { "x-rewrite-url": `/api/parcels/${theirs}` },
      { "x-http-method-override": "DELETE" },
    ];
    for (const headers of spoofed) {
      const where = JSON.stringify(headers);
      expect((await api.call("GET", `/api/parcels/${theirs}`, { headers })).status, where).toBe(404);
      expect((await api.call("GET", `/api/parcels/${mine}`, { headers })).status, where).toBe(200);
      const list = await api.call("GET", "/api/parcels?fields=code", { headers });
      expect(list.body["data"], where).toEqual([{ code: "MINE" }]);
    }
    for (const query of ["tenant=other", "tenantId=other", "filter[tenant_id]=other"])
      expect((await api.call("GET", `/api/parcels?${query}`)).status, query).toBe(400);
    // A system field like any other: it narrows, and does not lead elsewhere.
    expect((await api.call("GET", "/api/parcels?filter[tenantId]=other")).body["data"]).toEqual([]);
    for (const name of ["tenant", "tenantId", "tenant_id"])
      expect(
        (await api.call("POST", "/api/parcels", { body: { code: "NEW", [name]: "other" } })).status,
      ).toBe(400);
    await api.fails(404, "not-found", "PATCH", `/api/parcels/${theirs}`, { body: { note: "x" } });
    await api.fails(404, "not-found", "DELETE", `/api/parcels/${theirs}`);
    await api.fails(404, "not-found", "POST", `/api/parcels/${theirs}/send`, {
      body: { at: "2026-01-05T10:00:00Z" },
    });
    expect(await stored(api.crm)).toBe(before);
  });

  it("O117 a credential of a tenant that this host does not serve, or that names another, is none", async () => {
    const stranger = await issueApiKey(api.inTenant("stranger"), { name: "s", roles: ["admin"] });
    await api.fails(401, "unauthenticated", "GET", "/api/parcels", { key: stranger.key });
    // The tenant within the key is part of what proves it.
    for (const forged of [
      api.key.replace("corm_test.", "corm_other."),
      api.foreignKey.replace("corm_other.", "corm_test."),
      api.key.replace(/.$/, (last) => (last === "A" ? "B" : "A")),
    ])
      await api.fails(401, "unauthenticated", "GET", "/api/parcels", { key: forged });
  });

  it("O116 what follows from a write of one tenant stays in it: hooks, events, subscribers", async () => {
    const { crm } = api;
    const other = api.inTenant("other");
    // A context of one tenant finds, changes and refers to nothing of another, whoever it works as.
    const before = await stored(crm);
    for (const ctx of [api.me, api.me.asSystem({ reason: "try it" })]) {
      await expect(ctx.repo(parcel).get(theirs)).rejects.toMatchObject({ code: "not-found" });
      await expect(ctx.repo(parcel).update(theirs, { note: "x" })).rejects.toMatchObject({
        code: "not-found",
      });
      await expect(ctx.repo(parcel).delete(theirs)).rejects.toMatchObject({ code: "not-found" });
      await expect(
        ctx.transaction(async (tx) => {
          await tx.repo(parcel).update(mine, { note: "half" });
          await tx.repo(parcel).update(theirs, { note: "x" });
        }),
      ).rejects.toMatchObject({ code: "not-found" });
    }
    expect(await stored(crm)).toBe(before);
    const { id: foreign } = await other.repo(account).create({ name: "Foreign" });
    await expect(api.me.repo(parcel).create({ code: "REF", accountId: foreign })).rejects.toMatchObject({
      code: "validation-failed",
    });
    // Work inside another tenant's transaction does not see it either, and does not commit with it.
    await expect(
      other.transaction(async (tx) => {
        await tx.repo(parcel).update(theirs, { note: "inside" });
        await api.me.repo(parcel).update(mine, { note: "from outside" });
      }),
    ).rejects.toMatchObject({ code: "transaction-misuse" });
    expect((await other.repo(parcel).get(theirs)).note).toBeNull();

    const heard: [string, string | null][] = [];
    const subscriber = createSubscriber(crm, {
      name: "tenants",
      tenant: "test",
      handle: async (entries, ctx) => {
        for (const { record } of entries) heard.push([ctx.tenant, record]);
        await expect(ctx.repo(parcel).get(theirs)).rejects.toMatchObject({ code: "not-found" });
      },
    });
    await other.repo(parcel).update(theirs, { note: "heard by its own tenant" });
    await api.me.repo(parcel).update(mine, { note: "heard" });
    await subscriber.run();
    await subscriber.stop();
    expect(new Set(heard.map(([tenant]) => tenant))).toEqual(new Set(["test"]));
    expect(heard.map(([, record]) => record)).toContain(mine);
    expect(heard.map(([, record]) => record)).not.toContain(theirs);
  });

  it("O117 an answer that was kept for one tenant is not given to another by the same key", async () => {
    const send = (key: string) =>
      api.call("POST", "/api/parcels", {
        key,
        body: { code: "KEYED" },
        headers: { "idempotency-key": "shared" },
      });
    const [one, two] = [await send(api.key), await send(api.foreignKey)];
    expect([one.status, two.status]).toEqual([201, 201]);
    expect(one.body["id"]).not.toBe(two.body["id"]);
    const http = createHttp(api.crm, { tenants: ["test"] });
    const refused = await http.request("/api/parcels", {
      headers: { authorization: `Bearer ${api.foreignKey}` },
    });
    expect(refused.status).toBe(401);
  });
});
