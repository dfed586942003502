import { activity, contact, crmCore, importFile, importRejection } from "@corm/core";
import { createTestCrm } from "@corm/core/testing";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

const make = () => createTestCrm({ plugins: [crmCore()] });
let app: Awaited<ReturnType<typeof make>>;
beforeAll(async () => {
  app = await make();
});
afterAll(() => app.crm.stop());

const lines = (...rows: string[]) => `${rows.join("\r\n")}\r\n`;
async function* bytes(text: string) {
  yield new TextEncoder().encode(text);
}
const card = (...rows: string[]) => lines("BEGIN:VCARD", "VERSION:4.0", ...rows, "END:VCARD");
const calendar = (...rows: string[]) =>
  lines("BEGIN:VCALENDAR", "BEGIN:VEVENT", ...rows, "END:VEVENT", "END:VCALENDAR");
const reasons = async (jobId: string) =>
  (await app.me.repo(importRejection).find({ where: { jobId }, orderBy: ["row"] })).items.map(
    ({ reason }) => reason,
  );
const cards = (text: string) => importFile(app.me, contact, bytes(text), { format: "vcard" });
const events = (text: string) => importFile(app.me, activity, bytes(text), { format: "ics" });

test("lines that nobody wants cost no card, however their parameters are folded", async () => {
  const status = await events(
    calendar(
      "SUMMARY:With guests",
      "DTSTART:20260701T090000Z",
      "ATTENDEE;CUTYPE=INDIVIDUAL;ROLE=REQ-PARTICIPANT;PARTSTAT=NEEDS-ACTION;RSVP=",
      " TRUE;CN=ada@example.com;X-NUM-GUESTS=0:mailto:ada@example.com",
      `ORGANIZER;CN="${"Long ".repeat(60)}":mailto:bob@example.com`,
    ),
  );
  expect([status.accepted, ...(await reasons(status.id))]).toEqual([1]);
  const photo = card("N:Photo;A;;;", `X-PROFILE;user="${"x".repeat(300)}":http://example.com`);
  expect(await cards(photo)).toMatchObject({ accepted: 1, rejected: 0 });
});

describe("is read in a moment:", () => {
  const many = 20_000;
  for (const [what, row] of [
    ["white space in an address", `ADR:;;a${" ".repeat(many * 5)}b;Berlin;;;`],
    ["bare parameters", `EMAIL${";A".repeat(many * 2)}:a@example.com`],
    ["quotes in a name", `FN:${"“".repeat(many * 3)}`],
    ["pictures in a name", `FN:a${" 😀".repeat(many * 2)} b`],
    ["suffixes of a name", `FN:a${" jr".repeat(many * 3)}`],
    ["a long parameter", `TEL;X=${"a".repeat(1_000_000)}:1`],
    ["semicolons", `N:${";".repeat(1_000_000)}`],
  ] as const)
    test(what, async () => {
      const begun = performance.now();
      expect(await cards(card("N:Slow;A;;;", row))).toMatchObject({ state: "finished", done: 1 });
      expect(performance.now() - begun).toBeLessThan(1000);
    }, 60_000);
});

test("a card, or an event, that does not end is not held in memory", async () => {
  async function* endless(head: string, row: string) {
    yield new TextEncoder().encode(head);
    const chunk = new TextEncoder().encode(`${row}\r\n`.repeat(1000));
    for (let n = 0; n < 400; n++) {
      given += chunk.byteLength;
      yield chunk;
    }
  }
  let given = 0;
  const note = `NOTE:${"x".repeat(100)}`;
  for (const [target, format, head, row] of [
    [contact, "vcard", "BEGIN:VCARD\r\n", note],
    [contact, "vcard", "BEGIN:VCARD\r\n", `PHOTO:${"x".repeat(100)}`],
    [activity, "ics", "BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\n", `SUMMARY:${"x".repeat(100)}`],
    [activity, "ics", "BEGIN:VCALENDAR\r\n", `BEGIN:${"x".repeat(100)}`],
  ] as const) {
    given = 0;
    const outcome = importFile(app.me, target, endless(head, row), { format });
    // Of what nobody wants nothing is kept: the file comes to its end.
    if (row.startsWith("PHOTO")) expect(await outcome).toMatchObject({ accepted: 0, rejected: 1 });
    else {
      await expect(outcome).rejects.toMatchObject({
        code: expect.stringMatching(/row-too-large|invalid-import/),
      });
      expect(given).toBeLessThan(3_000_000);
    }
  }
}, 60_000);

test("what a file says of itself can be noted, whatever it is", async () => {
  const nul = await cards(
    lines("BEGIN:VCARD", "VERSION:\u0000", "FN:Nul", "END:VCARD") + card("N:After;A;;;"),
  );
  expect(nul).toMatchObject({ state: "finished", accepted: 1, rejected: 1 });
  const half = await events(calendar("SUMMARY:x", `DTSTART:${"a".repeat(91)}😀`));
  expect(half).toMatchObject({ state: "finished", accepted: 0, rejected: 1 });
});
