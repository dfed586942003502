import { setTimeout as sleep } from "node:timers/promises";
import { crmCore, defineAction, definePlugin, defineRoute, issueApiKey } from "@corm/core";
import { createHttp, type HttpOptions } from "@corm/core/http";
import { knexStorage } from "@corm/core/knex";
import { createTestCrm, type TestCrm } from "@corm/core/testing";
import mysql from "mysql2/promise";
import pg from "pg";
import Type from "typebox";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { stored } from "../abuse/support/written.js";
import { suiteName, type TestDatabase } from "../support/databases.js";
import { reuse } from "../support/reused.js";
import { parcel, parcels } from "./support/parcels.js";

const reused = reuse();

const LIMIT = 400;
const codes = async (ctx: TestCrm<typeof plugins>["me"]) =>
  (await ctx.repo(parcel).find({ orderBy: ["code"] })).items.map(({ code }) => code);

const action = (name: string, run: (write: (code: string) => Promise<unknown>) => Promise<void>) =>
  defineAction({
    name,
    input: Type.Object({}),
    output: Type.Void(),
    run: (_, ctx) => run((code) => ctx.repo(parcel).create({ code })),
  });

const slow = definePlugin({
  name: "slow",
  version: "1.0.0",
  corm: "^0.1",
  requires: { parcels: "*" },
  setup: () => ({
    actions: {
      between: action("between", async (write) => {
        await write("T1");
        await sleep(LIMIT * 2);
        await write("T2");
      }),
      last: action("last", async (write) => {
        await write("T3");
        await sleep(LIMIT * 2);
      }),
      endless: action("endless", async (write) => {
        await write("T4");
        await new Promise(() => undefined);
      }),
    },
    routes: [
      defineRoute({
        method: "POST",
        path: "/api/parcels/forever",
        permission: "parcel.write",
        summary: "Waits for nothing",
        handle: () => new Promise(() => undefined),
      }),
      defineRoute({
        method: "POST",
        path: "/api/parcels/patient",
        permission: "parcel.write",
        summary: "Takes longer than others may",
        timeout: LIMIT * 5,
        handle: async (_, { ctx }) => {
          await sleep(LIMIT * 2);
          await ctx.repo(parcel).create({ code: "P1" });
          return new Response(null, { status: 204 });
        },
      }),
    ],
  }),
});
const plugins = [crmCore(), parcels(), slow()] as const;

/** A second way into the database, which locks what the API then waits for. */
interface Intruder {
  run(sql: string): Promise<Record<string, unknown>[]>;
  end(): Promise<void>;
}

async function intrude(url: string): Promise<Intruder> {
  if (url.startsWith("postgres")) {
    const client = new pg.Client({ connectionString: url });
    await client.connect();
    return { run: async (sql) => (await client.query(sql)).rows, end: () => client.end() };
  }
  const connection = await mysql.createConnection({ uri: url });
  return {
    run: async (sql) => (await connection.query(sql))[0] as Record<string, unknown>[],
    end: () => connection.end(),
  };
}

for (const server of reused.filter(({ name }) => name !== "SQLite in a file")) {
  describe.skipIf(!server.available)(suiteName(server), () => {
    let database: TestDatabase;
    let app: TestCrm<typeof plugins>;
    let call: (method: string, path: string, body?: unknown, init?: RequestInit) => Promise<Response>;
    const reported: unknown[] = [];
    let starts = 0;

    const start = async (options: HttpOptions = {}) => {
      const storage = knexStorage({ url: database.url, pool: { max: 1 } });
      starts += 1;
      const onError = (error: unknown) => reported.push(error);
      app = await createTestCrm({ plugins, storage, onError, seed: starts });
      const { key } = await issueApiKey(app.me, { name: "tests", roles: ["admin"] });
      const http = createHttp(app.crm, { requestTimeout: LIMIT, ...options });
      call = async (method, path, body, init = {}) =>
        http.request(path, {
          method,
          ...(body === undefined ? {} : { body: JSON.stringify(body) }),
          ...init,
          headers: { authorization: `Bearer ${key}`, "content-type": "application/json", ...init.headers },
        });
    };
    const timedOut = async (response: Response, running = false) => {
      const body = (await response.json()) as Record<string, unknown>;
      expect([response.status, body["code"]], JSON.stringify(body)).toEqual([503, "request-timed-out"]);
      expect(response.headers.get("retry-after")).toBe("1");
      expect(body["detail"]).toMatch(running ? /does not end/ : /was cancelled/);
    };

    beforeEach(async () => {
      database = await server.create();
      reported.length = 0;
      await start();
    });
    afterEach(async () => {
      await app.crm.stop();
      await database.drop();
    });

    it.each(["between", "last"])("rolls back an action that takes too long: %s", async (name) => {
      const before = await stored(app.crm);
      await timedOut(await call("POST", `/api/actions/slow.${name}`, {}));
      expect(await stored(app.crm)).toBe(before);
      expect(reported).toMatchObject([{ code: "request-failed", cause: { code: "request-timed-out" } }]);
      expect((await call("POST", "/api/parcels", { code: "AFTER" })).status).toBe(201);
    });

    it("ends the transaction of what does not end, and answers for the rest", async () => {
      await timedOut(await call("POST", "/api/actions/slow.endless", {}));
      await timedOut(await call("POST", "/api/parcels/forever"), true);
      expect((await call("POST", "/api/parcels", { code: "AFTER" })).status).toBe(201);
      expect(await codes(app.me)).toEqual(["AFTER"]);
    });

    it("gives a route the time that it asks for, and a stream any", async () => {
      expect((await call("POST", "/api/parcels/patient")).status).toBe(204);
      const reader = (await call("GET", "/api/changes/stream")).body?.getReader();
      await reader?.read();
      await sleep(LIMIT * 2);
      expect((await call("POST", "/api/parcels", { code: "LATE" })).status).toBe(201);
      let text = "";
      while (!text.includes("LATE")) text += new TextDecoder().decode((await reader?.read())?.value);
      await reader?.cancel();
    });

    it("stops an import whose file does not come, and says so in its job", async () => {
      await app.crm.stop();
      await start({ importTimeout: LIMIT });
      const body = new ReadableStream({
        start: (controller) => controller.enqueue(new TextEncoder().encode("code\nI1\n")),
      });
      const headers = { "content-type": "text/csv" };
      await timedOut(
        await call("POST", "/api/parcels/import", undefined, { body, headers, duplex: "half" } as never),
      );
      const jobs = (await (await call("GET", "/api/imports")).json()) as { data: Record<string, unknown>[] };
      expect(jobs.data).toMatchObject([{ state: "interrupted", problem: expect.stringContaining("too") }]);
    });

    describe.skipIf(server.name.startsWith("SQLite"))("with a statement under way", () => {
      const isPostgres = server.name === "PostgreSQL";
      let intruder: Intruder;
      let id: string;

      beforeEach(async () => {
        intruder = await intrude(database.url);
        id = (await app.me.repo(parcel).create({ code: "L1", note: "before" })).id;
        // The key was used: its bookkeeping must not wait for what is locked below.
        await call("GET", "/api/parcels");
      });
      afterEach(() => intruder.end());

      const lockRow = async () => {
        await intruder.run("begin");
        await intruder.run(`update parcel set note = 'theirs' where id = '${id}'`);
      };
      const lockTable = () =>
        isPostgres
          ? intruder.run("begin").then(() => intruder.run("lock table parcel in access exclusive mode"))
          : intruder.run("lock tables parcel write");
      const unlock = () =>
        intruder.run(isPostgres ? "rollback" : "unlock tables").then(() => intruder.run("rollback"));
      /** Connections of the API, and whether they do anything. */
      const sessions = () =>
        intruder.run(
          isPostgres
            ? "select pid as id, state <> 'idle' as busy from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()"
            : "select id, command <> 'Sleep' as busy from information_schema.processlist where db = database() and id <> connection_id()",
        );
      const cancelled = async (before: Record<string, unknown>[]) => {
        // Ended on the server as well, and on the connection that is used again. The one that told the server to
        // cancel closes on its own time; what is locked stays so until all this has been seen.
        await expect
          .poll(
            async () =>
              (await sessions()).map(({ id: session, busy }) => [Number(session), Boolean(Number(busy))]),
            {
              timeout: 10_000,
            },
          )
          .toEqual(before.map(({ id: session }) => [Number(session), false]));
      };

      it("cancels a write, and uses its connection again", async () => {
        const before = await sessions();
        expect(before).toHaveLength(1);
        await lockRow();
        await timedOut(await call("PATCH", `/api/parcels/${id}`, { note: "mine" }));
        await cancelled(before);
        await unlock();
        expect(await app.me.repo(parcel).get(id)).toMatchObject({ note: "before", version: 1 });
        expect((await app.me.repo(parcel).history(id)).items).toHaveLength(1);
        expect((await call("PATCH", `/api/parcels/${id}`, { note: "again" })).status).toBe(200);
        await cancelled(before);
      });

      it("cancels a read", async () => {
        const before = await sessions();
        await lockTable();
        await timedOut(await call("GET", "/api/parcels"));
        await cancelled(before);
        await unlock();
        expect((await call("GET", "/api/parcels")).status).toBe(200);
      });

      it("cancels the write of a caller who hangs up", async () => {
        await app.crm.stop();
        await start({ requestTimeout: null });
        await call("GET", "/api/parcels");
        const before = await sessions();
        await lockRow();
        const caller = new AbortController();
        setTimeout(() => caller.abort(), LIMIT);
        const response = await call(
          "PATCH",
          `/api/parcels/${id}`,
          { note: "mine" },
          { signal: caller.signal },
        );
        expect(response.status).toBe(499);
        await cancelled(before);
        await unlock();
        expect(await codes(app.me)).toEqual(["L1"]);
        expect(await app.me.repo(parcel).get(id)).toMatchObject({ note: "before", version: 1 });
        expect(reported).toEqual([]);
      });
    });
  });
}

it.each([0, -1, 1.5, 2 ** 31, Number.NaN])("refuses %s as a limit", async (requestTimeout) => {
  const { crm } = await createTestCrm({ plugins });
  expect(() => createHttp(crm, { requestTimeout })).toThrow(/"requestTimeout" is a number of milliseconds/);
  await crm.stop();
});
