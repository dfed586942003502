import { describe, expect, test } from "vitest";
import { marketing } from "../src/index.js";
import { mailAddress } from "../src/mail/address.js";
import { composeMail } from "../src/mail/compose.js";
import { handOverOf } from "../src/mail/hand-over.js";

describe("a recipient's address", () => {
  test.each([
    ["ada@example.com", "ada@example.com"],
    ["ada+news.letter@mail.example.co", "ada+news.letter@mail.example.co"],
    ["o'brien@example.com", "o'brien@example.com"],
    ["ada@bücher.example", "ada@xn--bcher-kva.example"],
  ])("%s", (text, address) => expect(mailAddress(text)).toBe(address));

  test.each([
    "ada@example.com\r\nBcc: evil@x.example",
    "ada@example.com, evil@x.example",
    "ada@example.com evil@x.example",
    "Ada <ada@example.com>",
    '"a b"@example.com',
    '"evil@x.example, "@example.com',
    "friends: ada@example.com, evil@x.example;",
    "ada@example.com(comment)",
    "ada@[127.0.0.1]",
    "ada@localhost",
    "@example.com",
    "ada@",
    "ada",
    "a..b@example.com",
    ".a@example.com",
    "ada@example..com",
    "ada@-example.com",
    "ada@example.com/evil",
    "ada@example.com#x",
    "ada@ex\tample.com",
    "ada\u0000@example.com",
    `${"a".repeat(65)}@example.com`,
    "",
  ])("G63 is not %j", (text) => expect(mailAddress(text)).toBeUndefined());

  test("is checked once more where the message is made", () => {
    const message = { subject: "x", html: "<p>x</p>", text: "x" };
    const mail = {
      from: { name: "", address: "us@acme.example" },
      message,
      unsubscribeUrl: "https://x/",
      id: "1",
      date: 0,
    };
    expect(() => composeMail({ ...mail, to: "ada@example.com,evil@x.example" })).toThrow("unchecked");
    expect(composeMail({ ...mail, to: "ada@example.com" })).toMatchObject({
      envelope: { from: "us@acme.example", to: ["ada@example.com"] },
      disableFileAccess: true,
      disableUrlAccess: true,
    });
  });
});

test("a visible unsubscribe link is put into the message where the template has none", () => {
  const mail = {
    from: { name: "", address: "us@acme.example" },
    to: "ada@example.com",
    unsubscribeUrl: "https://crm.example/public/unsubscribe/t?a=1&b=2",
    id: "1",
    date: 0,
  };
  const html = "<html><body><p>x</p></body></html>";
  const composed = composeMail({ ...mail, message: { subject: "x", html, text: "x" } });
  expect(composed.html).toBe(
    '<html><body><p>x</p><p><a href="https://crm.example/public/unsubscribe/t?a=1&amp;b=2">Unsubscribe</a></p></body></html>',
  );
  expect(composed.text).toBe(`x\n\nUnsubscribe: ${mail.unsubscribeUrl}\n`);
  const own = { subject: "x", html: String(composed.html), text: String(composed.text) };
  expect(composeMail({ ...mail, message: own })).toMatchObject({ html: own.html, text: own.text });
});

describe("an error of the mail server means", () => {
  const answer = (code: string, responseCode?: number) => ({ code, responseCode, message: "words" });
  test.each([
    [answer("EENVELOPE", 550), true, "rejected"],
    [answer("EMESSAGE", 554), true, "rejected"],
    [answer("EENVELOPE", 451), true, "later"],
    [answer("EENVELOPE", 421), true, "later"],
    [answer("EMESSAGE", 452), true, "later"],
    [answer("EENVELOPE"), true, "rejected"],
    // The connection is closed, perhaps after the message was taken.
    [answer("EMESSAGE", 421), true, "uncertain"],
    [answer("ECONNECTION"), true, "uncertain"],
    [answer("ETIMEDOUT"), true, "uncertain"],
    [new Error("unheard of"), true, "uncertain"],
    [answer("ECONNECTION"), false, "unreachable"],
    [answer("EAUTH", 535), false, "unreachable"],
    [answer("ETLS"), false, "unreachable"],
  ])("%j, begun %s: %s", (error, begun, outcome) => expect(handOverOf(error, begun).outcome).toBe(outcome));
});

describe("options", () => {
  const smtp = { host: "mail.example" };
  test.each([
    [{ from: { address: "Us <us@acme.example>" } }, "is not a mail address"],
    [{ from: { address: "us@acme.example", name: "Us\r\nBcc: evil@x.example" } }, "/from/name"],
    [{ publicUrl: "http://crm.example" }, "must be an https:// address"],
    [{ publicUrl: "https://crm.example/?x=1" }, "must be an https:// address"],
    [{ smtp: { ...smtp, user: "me" } }, "needs both user and password"],
    [{ smtp: { ...smtp, port: 0 } }, "/smtp/port"],
  ])("%j are refused", (options, words) => expect(() => marketing(options)).toThrow(words));

  test("may be left out: an app can have segments before it has a mail server", () => {
    expect(() => marketing()).not.toThrow();
  });
});
