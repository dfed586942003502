import type { Identity } from "@corm/core";
import { createHttp } from "@corm/core/http";
import { expect, it } from "vitest";
import { folder } from "../access/support/vault.js";
import { onDatabases } from "../support/apps.js";
import { makeScene, plugins, restrictions, roles } from "./support.js";

type Entry = { readonly record: string; readonly changes?: unknown };

onDatabases({ plugins, roles, restrictions }, (app) => {
  /** The stream of one caller, whose identity may change while it runs; null is somebody who is shut out. */
  async function listen(who: () => Identity | null) {
    const http = createHttp(app().crm, { authenticate: () => who() ?? undefined });
    const response = await http.request("/api/changes/stream");
    expect(response.status).toBe(200);
    const reader = (response.body as ReadableStream<Uint8Array>).getReader();
    let text = "";
    const more = async (): Promise<boolean> => {
      const { value, done } = await reader.read();
      text += new TextDecoder().decode(value);
      return !done;
    };
    await more();
    return {
      /** Everything that was sent until the record turned up, or until the end of the stream. */
      async until(record: string): Promise<Entry[]> {
        while (!text.includes(`"${record}"`) && (await more()));
        return [...text.matchAll(/^data: (.*)$/gm)].map(([, json = ""]) => JSON.parse(json) as Entry);
      },
      text: () => text,
      close: () => reader.cancel(),
    };
  }

  it("B28 a stream brings nothing of records, nor values of fields, that its reader may not see", async () => {
    const { system, people, tenant, own, foreign } = await makeScene(app());
    const live = await listen(() => ({ actor: { kind: "user", id: people.u1 }, tenant, roles: ["rep"] }));
    await system.repo(folder).update(foreign.id, { name: "foreign-canary" });
    await system.repo(folder).update(own.id, { pin: "pin-canary-2", hash: "hash-canary-2", name: "seen" });
    const seen = await live.until(own.id);
    expect(seen.map(({ record }) => record)).toEqual([own.id]);
    expect(live.text()).toContain("seen");
    expect(live.text()).not.toMatch(/canary/);
    expect(live.text()).not.toContain(foreign.id);
    await live.close();
  });

  it("B28 a right that is taken away ends what comes over a stream that runs", async () => {
    const { system, people, tenant, own, foreign } = await makeScene(app());
    let granted = ["reader"];
    const live = await listen(() => ({ actor: { kind: "user", id: people.u1 }, tenant, roles: granted }));
    await system.repo(folder).update(foreign.id, { name: "first" });
    expect((await live.until(foreign.id)).map(({ record }) => record)).toEqual([foreign.id]);
    granted = ["rep"];
    await system.repo(folder).update(foreign.id, { name: "second-canary" });
    await system.repo(folder).update(own.id, { name: "mine" });
    expect((await live.until(own.id)).map(({ record }) => record)).toEqual([foreign.id, own.id]);
    // A record that is given away is not seen any more either.
    await system.repo(folder).update(own.id, { ownerId: people.u2, name: "given-canary" });
    const marker = await system.repo(folder).create({ name: "marker", ownerId: people.u1 });
    await live.until(marker.id);
    expect(live.text()).not.toContain("canary");
    await live.close();
  });

  it("B28 who is shut out while his stream runs hears nothing more, and the stream ends", async () => {
    const { system, people, tenant, own } = await makeScene(app());
    let identity: Identity | null = { actor: { kind: "user", id: people.u1 }, tenant, roles: ["rep"] };
    const live = await listen(() => identity);
    identity = null;
    await system.repo(folder).update(own.id, { name: "late-canary" });
    expect(await live.until(own.id)).toEqual([]);
    expect(live.text()).not.toContain("canary");
  });

  it("B28 a reader whose credential becomes one of another tenant gets nothing of either", async () => {
    const one = await makeScene(app());
    const two = await makeScene(app());
    let tenant = one.tenant;
    const live = await listen(() => ({
      actor: { kind: "user", id: one.people.u1 },
      tenant,
      roles: ["admin"],
    }));
    ({ tenant } = two);
    await two.system.repo(folder).update(two.own.id, { name: "theirs-canary" });
    await one.system.repo(folder).update(one.own.id, { name: "ours-canary" });
    expect(await live.until(one.own.id)).toEqual([]);
    expect(live.text()).not.toContain("canary");
  });
});
