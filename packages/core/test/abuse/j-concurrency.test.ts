import { apiKey, issueApiKey } from "@corm/core";
import { createHttp } from "@corm/core/http";
import { knexStorage } from "@corm/core/knex";
import { createTestCrm } from "@corm/core/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parcel, plugins } from "../http/support/parcels.js";
import { suiteName, type TestDatabase } from "../support/databases.js";
import { reuse } from "../support/reused.js";

const reused = reuse();

/** Apps on one database, as processes of one installation are. In memory there can be one only. */
const APPS = 4;

type App = Awaited<ReturnType<typeof open>>;

async function open(url: string, seed: number) {
  const app = await createTestCrm({ plugins, storage: knexStorage({ url, pool: { max: 4 } }), seed });
  const strict = createHttp(app.crm, { requireIfMatch: true });
  const call = async (method: string, path: string, key: string, body?: unknown, etag?: string) => {
    const answer = await strict.request(path, {
      method,
      headers: {
        authorization: `Bearer ${key}`,
        "content-type": "application/json",
        ...(etag === undefined ? {} : { "if-match": etag }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await answer.text();
    return {
      status: answer.status,
      etag: answer.headers.get("etag") as string,
      body: (text === "" ? {} : JSON.parse(text)) as Record<string, unknown>,
    };
  };
  return { ...app, call };
}

for (const server of reused) {
  describe.skipIf(!server.available)(suiteName(server), () => {
    let database: TestDatabase;
    let apps: App[];
    let key: string;
    const at = (n: number) => apps[n % apps.length] as App;
    beforeAll(async () => {
      database = await server.create();
      apps = [await open(database.url, 1)];
      const others = server.name === "SQLite in memory" ? 0 : APPS - 1;
      for (let n = 0; n < others; n++) apps.push(await open(database.url, n + 2));
      ({ key } = await issueApiKey(at(0).me, { name: "many", roles: ["admin"] }));
    });
    afterAll(async () => {
      for (const app of apps) await app.crm.stop();
      await database.drop();
    });

    let made = 0;
    const create = async (weight = 0) => {
      const { body, etag } = await at(0).call("POST", "/api/parcels", key, { code: `J${++made}`, weight });
      return { path: `/api/parcels/${body["id"]}`, id: body["id"] as string, etag };
    };

    it("J80 of 50 who change one version one gets through; without a version, nobody", async () => {
      const { path, id, etag } = await create();
      const answers = await Promise.all(
        Array.from({ length: 50 }, (_, n) => at(n).call("PATCH", path, key, { weight: n + 1 }, etag)),
      );
      const won = answers.filter(({ status }) => status === 200);
      expect(answers.map(({ status }) => status).sort()).toEqual([200, ...Array(49).fill(412)]);
      const record = await at(0).me.repo(parcel).get(id);
      expect(record).toMatchObject({ version: 2, weight: won[0]?.body["weight"] });
      const bare = await Promise.all(
        Array.from({ length: 8 }, (_, n) => at(n).call("PATCH", path, key, { weight: 0 })),
      );
      expect(new Set(bare.map(({ status }) => status))).toEqual(new Set([428]));
      expect(await at(0).me.repo(parcel).get(id)).toEqual(record);
      expect((await at(0).me.repo(parcel).history(id)).items).toHaveLength(2);
    });

    it("J81 increments by reading, adding and trying again lose none", async () => {
      const { path, id } = await create();
      const [writers, times] = [
        20,
        process.env["CORM_INCREMENTS"] ? Number(process.env["CORM_INCREMENTS"]) : 4,
      ];
      const add = async (n: number) => {
        for (;;) {
          const read = await at(n).call("GET", path, key);
          const body = { weight: (read.body["weight"] as number) + 1 };
          const { status } = await at(n).call("PATCH", path, key, body, read.etag);
          if (status === 200) return;
          expect([409, 412]).toContain(status);
        }
      };
      await Promise.all(
        Array.from({ length: writers }, async (_, n) => {
          for (let i = 0; i < times; i++) await add(n);
        }),
      );
      expect(await at(0).me.repo(parcel).get(id)).toMatchObject({
        weight: writers * times,
        version: 1 + writers * times,
      });
    }, 120_000);

    it("J88 a key that is revoked while its holder writes: what is acknowledged is there, and nothing after it", async () => {
      for (let round = 0; round < 3; round++) {
        const issued = await issueApiKey(at(0).me, { name: `racing ${round}`, roles: ["admin"] });
        const [record] = (
          await at(0)
            .me.repo(apiKey)
            .find({ where: { name: `racing ${round}` } })
        ).items;
        const first = ++made;
        const codes = Array.from({ length: 24 }, (_, n) => `J${first}-${n}`);
        made += 1;
        let revokedAfter = -1;
        const acknowledged: string[] = [];
        await Promise.all(
          codes.map(async (code, n) => {
            if (n === 11) {
              await at(1)
                .me.repo(apiKey)
                .delete(record?.id as string);
              revokedAfter = acknowledged.length;
            }
            const { status } = await at(n).call("POST", "/api/parcels", issued.key, { code });
            expect([201, 401]).toContain(status);
            if (status === 201) acknowledged.push(code);
          }),
        );
        const there = (
          await at(0)
            .me.repo(parcel)
            .find({ where: { code: { in: codes } }, limit: 100 })
        ).items;
        expect(there.map(({ code }) => code).sort()).toEqual(acknowledged.sort());
        expect(revokedAfter).toBeGreaterThanOrEqual(0);
        expect((await at(2).call("POST", "/api/parcels", issued.key, { code: `J${first}-x` })).status).toBe(
          401,
        );
      }
    });
  });
}
