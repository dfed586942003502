import { randomBytes } from "node:crypto";
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  createCrm,
  EncryptionKeyMissing,
  EncryptionKeyUnusable,
  EncryptionNotConfigured,
  encrypted,
  type KeyProvider,
  keysFromEnv,
  keysFromFile,
  localKeys,
  oneOf,
  reference,
} from "@corm/core";
import { sqlite } from "@corm/core/knex";
import { createTestCrm } from "@corm/core/testing";
import Type from "typebox";
import { describe, expect, it } from "vitest";
import { problemsOf } from "../composition/refused.js";
import { shop } from "../migrations/shop.js";
import { practice } from "./patients.js";

const key = () => randomBytes(32).toString("base64");

describe("the keys of encrypted fields", () => {
  it("must be given where a field is encrypted, and only there", async () => {
    const error = await createCrm({ storage: sqlite(":memory:"), plugins: [practice()] }).catch((e) => e);
    expect(EncryptionNotConfigured.is(error)).toBe(true);
    expect(error.message).toContain("patient.ssn");
    const crm = await createCrm({
      storage: sqlite(":memory:"),
      plugins: [shop({ fields: { name: Type.String() } })],
    });
    await crm.stop();
  });

  it.each([
    ["a short key", { a: randomBytes(16).toString("base64") }],
    ["a word", { a: "secret" }],
    ["zeros", { a: Buffer.alloc(32).toString("base64") }],
    ["a pattern", { a: Buffer.from("abcdabcdabcdabcdabcdabcdabcdabcd").toString("base64") }],
    ["an id with a dot", { "a.b": key() }],
    ["no key", {}],
  ])("refuses %s at the start, and does not show it", async (_, keys) => {
    const start = createCrm({ storage: sqlite(":memory:"), plugins: [], encryption: { keys } });
    const error = await start.catch((e) => e);
    expect(EncryptionKeyUnusable.is(error)).toBe(true);
    for (const text of Object.values(keys)) expect(String(error)).not.toContain(text);
  });

  it("refuses one key under two ids, and the secret that signs links", async () => {
    const one = key();
    expect(() => localKeys({ a: one, b: one })).toThrow(`is the same as "a"`);
    const start = createCrm({
      storage: sqlite(":memory:"),
      plugins: [],
      secret: one,
      encryption: { keys: { a: one } },
    });
    expect(EncryptionKeyUnusable.is(await start.catch((e) => e))).toBe(true);
  });

  it("reads keys from the environment and from a file", () => {
    const [a, b] = [key(), randomBytes(32).toString("hex")];
    expect(keysFromEnv("K", { K: `new:${a}, old:${b}` })).toEqual({ new: a, old: b });
    expect(localKeys(keysFromEnv("K", { K: `new:${a},old:${b}` })).current).toBe("new");
    const path = join(mkdtempSync(join(tmpdir(), "corm-keys-")), "keys");
    writeFileSync(path, `# keys of production\nnew:${a}\nold:${b}  # until March\n`);
    expect(keysFromFile(path)).toEqual({ new: a, old: b });
    for (const bad of ["", "just-a-key", `a:${a},a:${b}`])
      expect(() => keysFromEnv("K", { K: bad })).toThrow(/environment variable K/);
  });

  it("refuses to start without a key that data depends on, or with another of its name", async () => {
    const path = join(mkdtempSync(join(tmpdir(), "corm-keys-")), "db");
    const [first, second] = [key(), key()];
    const start = (keys: Record<string, string>) =>
      createTestCrm({ plugins: [practice()], storage: sqlite(path), encryption: { keys } });
    const one = await start({ first });
    const made = await one.me.entities.patient.create({ name: "Ada", ssn: "s" });
    await one.crm.stop();
    expect(EncryptionKeyMissing.is(await start({ second }).catch((e) => e))).toBe(true);
    const replaced = await start({ first: second });
    const error = await replaced.me.entities.patient.get(made.id).catch((e) => e);
    expect(EncryptionKeyUnusable.is(error)).toBe(true);
    await replaced.crm.stop();
    const both = await start({ second, first });
    expect((await both.me.entities.patient.get(made.id)).ssn).toBe("s");
    await both.crm.stop();
  });

  it("may lie with a provider that answers later, and is asked once per tenant", async () => {
    const local = localKeys({ a: key() });
    let unwrapped = 0;
    const provider: KeyProvider = {
      current: local.current,
      has: async (id) => local.has(id),
      wrap: async (bytes, context) => local.wrap(bytes, context),
      unwrap: async (wrapped, context) => {
        unwrapped += 1;
        return local.unwrap(wrapped, context);
      },
    };
    const { crm, me } = await createTestCrm({ plugins: [practice()], encryption: { provider } });
    const made = await me.entities.patient.create({ name: "Ada", ssn: "s" });
    for (let n = 0; n < 5; n++) expect((await me.entities.patient.get(made.id)).ssn).toBe("s");
    expect(unwrapped).toBe(2);
    await crm.stop();
  });
});

describe("a declaration of an encrypted field", () => {
  const item = (fields: object, options: object = {}) => shop({ fields, ...options });
  const refusals = async (fields: object, options: object = {}) =>
    (await problemsOf(item(fields, options))).join("\n");

  it("is refused where it cannot be kept", async () => {
    const seal = { searchable: true };
    expect(await refusals({ a: encrypted(Type.Boolean(), seal) })).toContain("few values");
    expect(await refusals({ a: encrypted(oneOf(["x", "y"]), seal) })).toContain("few values");
    expect(await refusals({ a: encrypted(reference("item")) })).toContain("is a reference");
    expect(await refusals({ a: encrypted(Type.Array(Type.String()), seal) })).toContain("no blind index");
    const text = { a: encrypted(Type.String()) };
    expect(await refusals(text, { unique: [["a"]] })).toContain("searchable: true");
    expect(await refusals(text, { indexes: [["a"]] })).toContain("searchable: true");
    expect(await refusals(text, { searchable: ["a"] })).toContain("but it is encrypted");
    expect(await refusals({ a: encrypted(Type.String()), aEnc: Type.String() })).toContain(`"a_enc"`);
  });
});
