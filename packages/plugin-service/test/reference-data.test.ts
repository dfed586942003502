import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { automaticKind } from "../src/mail/automatic.js";
import { parseMail } from "../src/mail/parse-mail.js";
import { splitReply } from "../src/mail/split-reply.js";

/** Collections of mail with known results, for who has them: `CORM_DATA_DIR` names their folder. */
const folder = process.env["CORM_DATA_DIR"] ?? "";
const has = (name: string) => folder !== "" && existsSync(join(folder, name));
const title = (name: string) => (has(name) ? name : `${name} (skipped: no reference data)`);
const read = (...path: string[]) => readFileSync(join(folder, ...path));
const listed = (...path: string[]) => {
  const content = JSON.parse(read(...path).toString());
  return (content.cases ?? content) as never[];
};
const fold = (text: string | null) => (text ?? "").replace(/\s+/g, " ").trim();
const MAX = 100_000_000;

interface MimeCase {
  readonly file: string;
  readonly expected: {
    readonly subject: string | null;
    readonly text: string;
    readonly html: string;
    readonly attachments: readonly unknown[];
  };
}

describe.skipIf(!has("mime-emails"))(title("mime-emails"), () => {
  it("reads every mail, and most as others do", async () => {
    const agreed = { subject: 0, text: 0, attachments: 0 };
    const cases = listed("mime-emails", "expected.json") as MimeCase[];
    expect(readdirSync(join(folder, "mime-emails", "eml")).length).toBe(cases.length);
    for (const { file, expected } of cases) {
      const mail = await parseMail(read("mime-emails", file), MAX);
      const htmlOnly = expected.text === "" && expected.html !== "";
      if (fold(mail.subject) === fold(expected.subject)) agreed.subject++;
      if (htmlOnly || fold(mail.text) === fold(expected.text)) agreed.text++;
      if (mail.attachments.length === expected.attachments.length) agreed.attachments++;
    }
    console.info("mime-emails", cases.length, agreed);
    expect(agreed.subject / cases.length).toBeGreaterThanOrEqual(0.9);
    expect(agreed.text / cases.length).toBeGreaterThanOrEqual(0.8);
    expect(agreed.attachments / cases.length).toBeGreaterThanOrEqual(0.8);
  });
});

describe.skipIf(!has("reply-trimming"))(title("reply-trimming"), () => {
  it("finds the new text of most replies", () => {
    const cases = listed("reply-trimming", "cases.json") as { body: string; expected_reply: string }[];
    const found = cases.filter(
      ({ body, expected_reply }) => fold(splitReply(body).text) === fold(expected_reply),
    );
    console.info("reply-trimming", cases.length, found.length);
    expect(found.length / cases.length).toBeGreaterThanOrEqual(0.9);
  });
});

describe.skipIf(!has("bounce-emails"))(title("bounce-emails"), () => {
  it("knows most mail of programs as such", async () => {
    const cases = listed("bounce-emails", "expected.json") as {
      file: string;
      recipients: { kind: string }[];
    }[];
    const automatic = cases.filter(({ recipients }) => recipients.length > 0);
    let known = 0;
    for (const { file } of automatic) {
      const mail = await parseMail(read("bounce-emails", file), MAX);
      if (automaticKind(mail, undefined) !== null || mail.problem !== null || mail.from === null) known++;
    }
    console.info("bounce-emails", automatic.length, known);
    expect(known / automatic.length).toBeGreaterThanOrEqual(0.95);
  });
});
