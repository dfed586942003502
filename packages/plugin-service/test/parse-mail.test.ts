import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { htmlToText } from "../src/mail/html-to-text.js";
import { parseMail } from "../src/mail/parse-mail.js";

const parse = (raw: string | Uint8Array, maxBytes = 1_000_000) =>
  parseMail(typeof raw === "string" ? Buffer.from(raw) : raw, maxBytes);
const mail = (...lines: string[]) => lines.join("\r\n");
const HEAD = mail("From: Ada <ada@x.example>", "To: s@x.example", "Subject: Hi", "Message-ID: <1@x.example>");

describe("character sets", () => {
  it("reads gb18030 bodies and RFC 2047 names and subjects", async () => {
    const raw = Buffer.concat([
      Buffer.from(
        mail(
          "From: =?gb18030?B?1cXI/Q==?= <zhang@x.example>",
          "To: =?utf-8?Q?Unterst=C3=BCtzung?= <s@x.example>, b@x.example",
          "Cc: Team: c@x.example, d@x.example;",
          "Subject: =?utf-8?B?5omT5Y2w5py6?= =?utf-8?B?552A54Gr5LqG?=",
          "Content-Type: text/plain; charset=gb18030",
          "Content-Transfer-Encoding: 8bit",
          "",
          "",
        ),
      ),
      Buffer.from([0xc4, 0xe3, 0xba, 0xc3, 0xca, 0xc0, 0xbd, 0xe7]),
    ]);
    expect(await parse(raw)).toMatchObject({
      from: { address: "zhang@x.example", name: "张三" },
      to: ["s@x.example", "b@x.example", "c@x.example", "d@x.example"],
      subject: "打印机着火了",
      text: "你好世界",
      problem: null,
    });
  });

  it("reads iso-2022-jp, koi8-r and windows-1252, and what names a set that nobody knows", async () => {
    const body = async (charset: string, base64: string) =>
      (
        await parse(
          mail(
            HEAD,
            `Content-Type: text/plain; charset=${charset}`,
            "Content-Transfer-Encoding: base64",
            "",
            base64,
          ),
        )
      ).text;
    expect(await body("iso-2022-jp", "GyRCJDMkcyRLJEEkTxsoQg==")).toBe("こんにちは");
    expect(await body("koi8-r", "8NLJ18XU")).toBe("Привет");
    expect(await body("windows-1252", "gCAxMA==")).toBe("€ 10");
    expect(await body("x-nobody-knows", "SGVsbG8=")).toBe("Hello");
  });

  it("keeps no character that a database would not, and no line break in a line", async () => {
    const { subject, text, from } = await parse(
      mail(
        "From: =?utf-8?B?QWRhDQpCY2M6IGV2aWw=?= <ada@x.example>",
        "Subject: =?utf-8?B?YQANCkJjYzogYg==?= \u202egnp.exe",
        "",
        "a\0b",
      ),
    );
    expect(subject).toBe("a Bcc: b gnp.exe");
    expect(from?.name).toBe("Ada Bcc: evil");
    expect(text).toBe("ab");
  });
});

describe("structure", () => {
  it("takes the text of nested parts, and lists the attachments under safe names", async () => {
    const parsed = await parse(
      mail(
        HEAD,
        'Content-Type: multipart/mixed; boundary="outer"',
        "",
        "--outer",
        'Content-Type: multipart/alternative; boundary="inner"',
        "",
        "--inner",
        "Content-Type: text/plain; charset=utf-8",
        "Content-Transfer-Encoding: quoted-printable",
        "",
        "Gr=C3=BC=C3=9Fe",
        "--inner",
        "Content-Type: text/html",
        "",
        "<p>Gr&uuml;&szlig;e</p>",
        "--inner--",
        "--outer",
        'Content-Type: image/png; name="../../etc/pass\\wd.png"',
        "Content-Transfer-Encoding: base64",
        "Content-ID: <picture@x>",
        "",
        "iVBORw0KGgo=",
        "--outer",
        "Content-Type: message/rfc822",
        "Content-Disposition: attachment; filename*=utf-8''%E6%8A%A5%E5%91%8A.eml",
        "",
        "Subject: inner",
        "",
        "not the text of this mail",
        "--outer--",
      ),
    );
    expect(parsed.text).toBe("Grüße");
    expect(parsed.html).toContain("Gr&uuml;&szlig;e");
    expect(parsed.attachments).toMatchObject([
      { fileName: "passwd.png", contentType: "image/png", size: 8, contentId: "picture@x" },
      { fileName: "报告.eml", contentType: "message/rfc822" },
    ]);
  });

  it("makes text of mail that has HTML only", async () => {
    const html =
      "<style>p{}</style><p>Hello &amp; <b>welcome</b></p><div>one<br>two</div><blockquote>old<br>er</blockquote>";
    const { text } = await parse(mail(HEAD, "Content-Type: text/html", "", html));
    expect(text).toBe("Hello & welcome\n\none\ntwo\n> old\n> er");
    expect(htmlToText("a<script>b</script><!-- c --><img alt='>'>&#8364;&nosuch;&#xd800;<p")).toBe(
      "a'>€&nosuch;",
    );
  });

  it("reads truncated base64, a missing end, a missing boundary, and an empty body", async () => {
    const truncated = await parse(
      mail(
        HEAD,
        "Content-Type: multipart/mixed; boundary=b",
        "",
        "--b",
        "",
        "See below",
        "--b",
        "Content-Type: application/pdf",
        "Content-Transfer-Encoding: base64",
        "",
        "JVBERi0xLjQKJcOkw7zDtsOf!!JUVPR",
      ),
    );
    expect(truncated).toMatchObject({ text: "See below", problem: null });
    expect(truncated.attachments).toMatchObject([{ fileName: "attachment", contentType: "application/pdf" }]);
    const lost = await parse(
      mail(HEAD, "Content-Type: multipart/mixed; boundary=b", "", "--other", "", "Hello"),
    );
    expect(lost).toMatchObject({ text: "Hello", problem: null });
    expect(await parse(`${HEAD}\r\n\r\n`)).toMatchObject({ text: "", problem: null, subject: "Hi" });
    expect(await parse(HEAD)).toMatchObject({ text: "", problem: null });
  });

  it("finds ids as they should be written, and as they are", async () => {
    const ids = async (...headers: string[]) => {
      const { messageId, inReplyTo, references } = await parse(mail("From: a@x.example", ...headers, "", ""));
      return [messageId, inReplyTo, references];
    };
    expect(
      await ids(
        "Message-ID: <a@x> (comment)",
        "In-Reply-To: Your mail of <b@x>",
        "References: <c@x>\r\n <b@x>",
      ),
    ).toEqual(["a@x", "b@x", ["c@x", "b@x"]]);
    expect(await ids("Message-ID: a@x", "In-Reply-To: b@x")).toEqual(["a@x", "b@x", []]);
    const [long] = await ids(`Message-ID: <${"x".repeat(900)}@x>`);
    expect(long).toMatch(/^[0-9a-f]{64}@long\.invalid$/);
    expect((await ids("Subject: x", "Message-ID: <>"))[0]).toMatch(/@derived\.invalid$/);
  });
});

describe("what cannot be read", () => {
  it("is told from what can, with what is known of it", async () => {
    expect((await parse("")).problem).toMatch(/^empty/);
    expect((await parse("just some text")).problem).toMatch(/^not-a-mail/);
    expect(await parse(mail(HEAD, "", "x".repeat(2000)), 1000)).toMatchObject({
      problem: "too-large: it has more than 1000 bytes",
      subject: "Hi",
      messageId: "1@x.example",
    });
    const deep = Array.from({ length: 60 }, (_, i) =>
      mail(`Content-Type: multipart/mixed; boundary=b${i}`, "", `--b${i}`, ""),
    ).join("");
    expect(await parse(`${HEAD}\r\n${deep}`)).toMatchObject({
      problem: expect.stringMatching(/^unreadable: .*nesting/),
    });
    const headers = mail(HEAD, ...Array.from({ length: 20_000 }, (_, i) => `X-${i}: y`));
    expect((await parse(headers)).problem).toMatch(/^unreadable: .*header/);
    expect((await parse(`${HEAD}\r\n\r\n${"\n".repeat(50_000)}`)).problem).toMatch(/^too-many-lines/);
    const parts = "--b\r\n\r\nx\r\n".repeat(6_000);
    expect((await parse(mail(HEAD, "Content-Type: multipart/mixed; boundary=b", "", parts))).problem).toMatch(
      /^too-many-parts/,
    );
  });

  // With the parser's own conversion of HTML this takes half a minute: it shows that ours is in its place.
  it("does not keep the process busy", async () => {
    const html = '<a href="'.repeat(16_000);
    const text = mail(HEAD, "Content-Type: multipart/mixed; boundary=b", "", "--b", "", "x", "--b");
    const started = performance.now();
    const parsed = await parse(mail(text, "Content-Type: text/html", "", html, "--b--"), 2_000_000);
    expect(performance.now() - started).toBeLessThan(5_000);
    expect(parsed).toMatchObject({ problem: null });
    expect(parsed.html?.length).toBeGreaterThanOrEqual(144_000);
  });

  it("never throws, whatever the bytes", async () => {
    const words = fc.constantFrom(
      "From: a@x.example\r\n",
      "Content-Type: multipart/mixed; boundary=b\r\n",
      "Content-Type: text/html; charset=utf-16\r\n",
      "Content-Transfer-Encoding: base64\r\n",
      "Content-Transfer-Encoding: quoted-printable\r\n",
      "Subject: =?utf-8?B?",
      "=?x-none?Q?=ZZ?=",
      "Content-Disposition: attachment; filename*0*=\r\n",
      "Date: Mon, 99 Foo 99999\r\n",
      "\r\n",
      "--b\r\n",
      "--b--\r\n",
      "=\r\n",
      "<",
      "\0",
      "\ud800",
    );
    const bytes = fc
      .array(fc.oneof(words, fc.string({ maxLength: 20, unit: "binary" })), { maxLength: 40 })
      .map((parts) => Buffer.from(parts.join("")));
    await fc.assert(
      fc.asyncProperty(fc.oneof(bytes, fc.uint8Array({ maxLength: 300 })), async (raw) => {
        const { messageId, subject, text, from } = await parse(raw);
        expect(messageId).toMatch(/^[\x21-\x7e]{1,250}$/);
        expect(subject).not.toMatch(/[\p{Cc}\p{Surrogate}]/u);
        expect(text).not.toMatch(/\0|\p{Surrogate}/u);
        expect(from === null || from.address.length <= 254).toBe(true);
      }),
      { numRuns: 300 },
    );
  });
});
