import { inspect } from "node:util";
import { type CrmOptions, createCrm, crmCore } from "@corm/core";
import { createHttp } from "@corm/core/http";
import { knexStorage, sqlite } from "@corm/core/knex";
import { oidc } from "@corm/core/oidc";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

/** Secrets of the host's options; each is looked for in every form in which it might be printed. */
const CANARIES = {
  database: "canary-of-the-database",
  signing: "canary-of-the-signing-secret-of-this-app",
  encryption: Buffer.from("canary-of-the-encryption-key-32b"),
  client: "canary-of-the-client-secret",
};
const forms = Object.values(CANARIES).flatMap((canary) => {
  const bytes = Buffer.from(canary);
  return [bytes.toString(), bytes.toString("base64"), bytes.toString("hex"), inspect(bytes).slice(8, 60)];
});

/** Whatever a log makes of a value. */
function printed(value: unknown): string {
  const all = {
    depth: 25,
    showHidden: true,
    maxArrayLength: null,
    maxStringLength: null,
    getters: true,
  } as const;
  return [inspect(value, all), String(value), value instanceof Error ? `${value.stack}` : ""].join("\n");
}
const expectSilent = (what: string, value: unknown) => {
  const text = printed(value);
  expect(
    forms.filter((form) => text.includes(form)),
    what,
  ).toEqual([]);
};

const options = (): CrmOptions<readonly [ReturnType<typeof crmCore>]> => ({
  storage: sqlite(":memory:"),
  plugins: [crmCore()],
  tenant: "acme",
  secret: CANARIES.signing,
  encryption: { keys: { k1: CANARIES.encryption.toString("base64") } },
});

let crm: Awaited<ReturnType<typeof start>>;
const start = () => createCrm(options());
beforeAll(async () => {
  crm = await start();
});
afterAll(() => crm.stop());

describe("secrets of the options are printed by nothing that a log may be given", () => {
  it("looks for them where they are", () => {
    const { secret, encryption } = options();
    expect(forms.filter((form) => printed({ secret, encryption }).includes(form))).toHaveLength(2);
  });

  it("not by the objects that keep them", () => {
    const provider = oidc(crm, {
      name: "acme",
      issuer: "https://id.example.com",
      clientId: "crm",
      clientSecret: CANARIES.client,
    });
    const signIn = { publicUrl: "https://crm.example.com", providers: [provider] };
    expectSilent("crm", crm);
    expectSilent("session", crm.system({ tenant: "acme", capability: "core.credentials", reason: "look" }));
    expectSilent("provider", provider);
    expectSilent("http", createHttp(crm, { clientAddress: () => "x", signIn }));
    for (const engine of ["postgres", "mysql"])
      expectSilent(engine, knexStorage({ url: `${engine}://root:${CANARIES.database}@127.0.0.1:5432/test` }));
  });

  it("not by errors of a database that is not there, and of options that are wrong", async () => {
    for (const engine of ["postgres", "mysql"]) {
      const storage = knexStorage({
        url: `${engine}://root:${CANARIES.database}@127.0.0.1:9/test`,
        acquireTimeout: 500,
      });
      expectSilent(engine, await createCrm({ ...options(), storage }).catch((error: unknown) => error));
      await storage.close();
    }
    expect(() => knexStorage({ url: `oracle://root:${CANARIES.database}@db/test` })).toThrow(TypeError);
    const wrong: Partial<CrmOptions<readonly []>>[] = [
      { secret: CANARIES.signing.slice(0, 30) },
      { encryption: { keys: { k1: CANARIES.encryption.toString("base64").slice(0, 30) } } },
      { encryption: { keys: { k1: Buffer.from(CANARIES.signing).toString("base64") } } },
      { encryption: { keys: { k1: CANARIES.signing } } },
    ];
    for (const change of wrong) {
      const error = await createCrm({ ...options(), ...change } as ReturnType<typeof options>).catch(
        (e: unknown) => e,
      );
      expect(error).toBeInstanceOf(Error);
      expectSilent(JSON.stringify(Object.keys(change)), error);
    }
    try {
      knexStorage({ url: `oracle://root:${CANARIES.database}@db/test` });
    } catch (error) {
      expectSilent("url", error);
    }
  });
});
