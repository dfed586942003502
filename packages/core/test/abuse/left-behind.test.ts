import {
  account,
  applyRetention,
  contact,
  eraseSubject,
  exportSubject,
  importErrors,
  importFile,
  importRejection,
  type PersonRef,
} from "@corm/core";
import { expect, it } from "vitest";
import { onDatabases } from "../support/apps.js";
import { dumpEverything, inBytes } from "../support/dump.js";
import { type Everything, everything } from "./people.js";

const DAY_MS = 86_400_000;
const on = ["SQLite in a file", "PostgreSQL", "MariaDB"] as const;

type Line = Record<string, unknown> & { type: string };

async function exported(me: Everything, person: PersonRef): Promise<{ text: string; lines: Line[] }> {
  const lines: Line[] = [];
  for await (const text of exportSubject(me, person)) lines.push(JSON.parse(text) as Line);
  return { text: lines.map((line) => JSON.stringify(line)).join("\n"), lines };
}

async function textOf(stream: AsyncIterable<string>): Promise<string> {
  let text = "";
  for await (const piece of stream) text += piece;
  return text;
}

onDatabases({ plugins: everything, on }, (app) => {
  const fresh = () => app().fresh() as Everything;
  const bring = (me: Everything, file: string) =>
    importFile(me, contact, bytes(file), { format: "csv", mode: "create" });
  async function* bytes(text: string) {
    yield new TextEncoder().encode(text);
  }
  const rejections = (me: Everything) => me.asSystem({ reason: "test" }).repo(importRejection);
  /** A birthday that is none: the row is refused. */
  const refused = (name: string, email: string, phone: string) => `${name},${email},${phone},never\n`;
  const HEADER = "lastName,email,phone,birthday\n";

  it("rows of files that were refused are found by address and number, however they are written", async () => {
    const me = fresh();
    const word = (what: string) => `canary-${what}-${me.tenant}`;
    const email = `Zoe.${me.tenant}@example.org`;
    const ada = await me.entities.contact.create({ lastName: "Ada", email, phone: "+49 (30) 1234-5678" });
    await me.entities.contact.create({
      lastName: "Bob",
      email: "bob@example.org",
      phone: "+49 30 123456789",
    });
    const { rejected } = await bring(
      me,
      HEADER +
        refused(word("mail"), email.toUpperCase(), "") +
        refused(word("grouped"), "", "+49-30/12 34 56 78") +
        refused(word("abroad"), "", "00493012345678") +
        refused(word("bob"), "bob@example.org", "+49 30 123456789") +
        refused(word("longer"), "", "1493012345678") +
        refused(word("nobody"), "", ""),
    );
    expect(rejected).toBe(6);
    expect(JSON.stringify(await app().storedJournal(me.tenant))).not.toContain(word("nobody"));
    const person = { entity: "contact", id: ada.id };
    const { text } = await exported(me, person);
    const told = (name: string) => text.includes(word(name));
    expect(["mail", "grouped", "abroad"].filter((name) => !told(name))).toEqual([]);
    expect(["bob", "longer", "nobody"].filter(told)).toEqual([]);

    expect((await eraseSubject(me, person)).erased["importRejection"]).toMatchObject({ deleted: 3 });
    const dump = await dumpEverything(app().url);
    const stored = (name: string) => dump.includes(inBytes(word(name)));
    expect(["mail", "grouped", "abroad"].filter(stored)).toEqual([]);
    expect(["bob", "longer", "nobody"].filter((name) => !stored(name))).toEqual([]);
  });

  it("rows that no address tells whose they are go after 30 days, and are not handed out before they have gone", async () => {
    const me = fresh();
    const other = fresh();
    const word = `canary-term-${me.tenant}`;
    const old = await bring(me, HEADER + refused(word, "", ""));
    await bring(other, HEADER + refused(`${word}-elsewhere`, "", ""));
    app().clock.advance(29 * DAY_MS);
    const young = await bring(me, HEADER + refused(`${word}-young`, "", ""));
    expect(await textOf(importErrors(me, old.id))).toContain(word);
    expect(await applyRetention(me, [])).toEqual({});
    expect(await rejections(me).count()).toBe(2);

    app().clock.advance(DAY_MS + 1);
    expect(await textOf(importErrors(me, old.id))).not.toContain(word);
    expect(await textOf(importErrors(me, young.id))).toContain(`${word}-young`);
    // Whoever imports next clears them away: of this tenant, and no more than is too old.
    await bring(me, `${HEADER}Someone,,,\n`);
    expect(await rejections(me).count()).toBe(1);
    expect(await rejections(other).count()).toBe(1);
    app().clock.advance(30 * DAY_MS);
    for (const each of [me, other]) expect(await applyRetention(each, [])).toEqual({ importRejection: 1 });
    expect(await dumpEverything(app().url)).not.toContain(inBytes(word));
  });

  it("a retention with a wrong rule takes nothing, and one with a limit stops at it", async () => {
    const me = fresh();
    await bring(me, HEADER + [1, 2, 3].map((n) => refused(`N${n}`, "", "")).join(""));
    app().clock.advance(31 * DAY_MS);
    const wrong = { entity: "nothing", days: 1, action: "delete" } as const;
    await expect(applyRetention(me, [wrong])).rejects.toThrow(/no plugin declares/);
    expect(await rejections(me).count()).toBe(3);
    expect(await applyRetention(me, [], { limit: 2 })).toEqual({ importRejection: 2 });
    expect(await rejections(me).count()).toBe(1);
  });

  it("an export has the journal and past states of a person, and of shared records his time alone", async () => {
    const me = fresh();
    const { opportunity, activity } = me.entities;
    const [ada, bob] = await me.entities.contact.createMany([
      { lastName: `canary-ada-first-${me.tenant}` },
      { lastName: "Bob" },
    ]);
    const a = ada?.id as string;
    const b = bob?.id as string;
    const word = (what: string) => `canary-${what}-${me.tenant}`;
    const later = () => app().clock.advance(1000);
    later();
    const system = me.asSystem({ reason: "test" });
    await system.entities.contact.update(a, { lastName: "Lovelace", pin: word("pin") });
    // First Bob's, then hers; and the other way round.
    const hers = await opportunity.create({ name: word("sale-bob"), contactId: b });
    const his = await opportunity.create({ name: word("sale-ada"), contactId: a });
    const call = await activity.create({ kind: "call", subject: word("call-bob"), contactId: b });
    later();
    await opportunity.update(hers.id, { name: word("moved-to-ada"), contactId: a });
    await opportunity.update(his.id, { name: word("moved-to-bob"), contactId: b });
    await activity.update(call.id, { contactId: a });
    later();
    await opportunity.update(hers.id, { name: word("sale-later") });
    await activity.update(call.id, { subject: word("call-ada") });

    const { text, lines } = await exported(me, { entity: "contact", id: a });
    const mine = ["ada-first", "sale-ada", "moved-to-ada", "sale-later", "call-ada"];
    expect(mine.filter((name) => !text.includes(word(name)))).toEqual([]);
    expect(["sale-bob", "moved-to-bob", "pin"].filter((name) => text.includes(word(name)))).toEqual([]);
    const states = lines.filter(({ type }) => type === "state");
    expect(states.map(({ values }) => (values as { name: string }).name).sort()).toEqual(
      [word("moved-to-ada"), word("sale-ada")].sort(),
    );
    expect(states.every(({ from, until }) => String(from) < String(until))).toBe(true);
    const end = lines[lines.length - 1] as Line;
    for (const [type, key] of Object.entries({ record: "records", state: "states", entry: "entries" }))
      expect(Object.values(end[key] as Record<string, number>).reduce((sum, n) => sum + n, 0)).toBe(
        lines.filter((line) => line.type === type).length,
      );
    const moved = lines.find(
      ({ type, record, operation, changes }) =>
        type === "entry" &&
        record === hers.id &&
        operation === "update" &&
        JSON.stringify(changes).includes(a),
    );
    expect((moved as Line)["changes"]).toMatchObject({
      name: [null, word("moved-to-ada")],
      contactId: [null, a],
    });
    expect(text).not.toContain(b);
    // Of the host's people, an export says what they are and not who.
    expect(
      lines.filter(({ type }) => type === "entry").every(({ by }) => by === "user" || by === "system"),
    ).toBe(true);
    expect(lines.filter((line) => "actor" in line)).toEqual([]);
    const ofHers = lines.filter(({ type, record }) => type === "entry" && record === hers.id);
    expect(ofHers.map(({ operation }) => operation)).toEqual(["update", "update"]);

    // The other's has the rest.
    const other = await exported(me, { entity: "contact", id: b });
    expect(["sale-bob", "moved-to-bob"].filter((name) => !other.text.includes(word(name)))).toEqual([]);
    expect(
      ["sale-ada", "moved-to-ada", "sale-later"].filter((name) => other.text.includes(word(name))),
    ).toEqual([]);
  });

  it("a long history comes in pages, one query for many records, each entry once", async () => {
    const me = fresh();
    const { id } = await me.entities.contact.create({ lastName: "Long" });
    const { items } = {
      items: await me.entities.activity.createMany(
        Array.from({ length: 150 }, (_, n) => ({ kind: "note" as const, subject: `s${n}`, contactId: id })),
      ),
    };
    const long = items[0]?.id as string;
    for (let n = 0; n < 450; n++) await me.entities.activity.update(long, { subject: `again ${n}` });
    app().log.clear();
    const { lines } = await exported(me, { entity: "contact", id });
    const entries = lines.filter(({ type, entity }) => type === "entry" && entity === "activity");
    expect(entries.length).toBe(600);
    const subjects = entries
      .filter(({ record }) => record === long)
      .map(({ changes }) => (changes as Record<string, unknown[]>)["subject"]?.[1]);
    expect(subjects).toEqual([...Array.from({ length: 450 }, (_, n) => `again ${449 - n}`), "s0"]);
    // 600 entries in pages of 200, the last of them empty; those of the person; and walks for what was purged, of people
    // and of what hangs on them by one, two and three references.
    expect(app().log.of("findMany", "corm_journal").length).toBeLessThan(16);
    expect(await me.repo(account).count()).toBe(0);
  }, 60_000);
});
