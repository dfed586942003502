import { describe, expect, it } from "vitest";
import { splitReply } from "../src/mail/split-reply.js";

const lines = (...all: string[]) => all.join("\n");

describe("a reply is divided into text, quotation and signature", () => {
  it.each([
    ["English", "On Mon, Jan 5, 2026 at 9:59 AM Ada <ada@x.example> wrote:"],
    ["English on two lines", "On Mon, Jan 5, 2026 at 9:59 AM, Ada Lovelace <\nada@engines.example> wrote:"],
    ["German", "Am 05.01.2026 um 09:59 schrieb Ada Lovelace:"],
    ["French", "Le lun. 5 janv. 2026 à 09:59, Ada <ada@x.example> a écrit :"],
    ["Spanish", "El lun, 5 ene 2026 a las 9:59, Ada (<ada@x.example>) escribió:"],
    ["Italian", "Il giorno lun 5 gen 2026 alle ore 09:59 Ada <ada@x.example> ha\nscritto:"],
    ["Portuguese", "Em seg., 5 de jan. de 2026 às 09:59, Ada <ada@x.example> escreveu:"],
    ["Dutch", "Op ma 5 jan 2026 om 09:59 schreef Ada <ada@x.example>:"],
    ["Swedish", "Den mån 5 jan. 2026 kl 09:59 skrev Ada <ada@x.example>:"],
    ["Polish", "pon., 5 sty 2026 o 09:59 Ada <ada@x.example> napisał(a):"],
    ["Russian", "пн, 5 янв. 2026 г. в 09:59, Ада <ada@x.example>:\nпишет:"],
    ["Chinese", "在 2026年1月5日，09:59，张三 <zhang@x.example> 写道："],
  ])("%s", (_, introduction) => {
    const quote = lines(introduction, "", "> Please help.", "> Ada");
    expect(splitReply(lines("It works.", "", quote))).toEqual({
      text: "It works.",
      quoted: quote,
      signature: null,
    });
  });

  it.each([
    [
      "Outlook",
      lines("From: Ada <ada@x.example>", "Sent: Monday, January 5, 2026", "To: Support", "Subject: Fire"),
    ],
    [
      "Outlook in German",
      lines("Von: Ada", "Gesendet: Montag, 5. Januar 2026", "An: Support", "Betreff: Feuer"),
    ],
    ["Outlook in Chinese", lines("发件人: 张三", "发送时间: 2026年1月5日", "收件人: 客服", "主题: 打印机")],
    [
      "QQ Mail",
      lines("------------------ 原始邮件 ------------------", "发件人: 张三", "发送时间: 2026年1月5日"),
    ],
    [
      "Foxmail",
      lines("发件人： zhang@x.example", "发送时间： 2026-01-05 09:59", "收件人： support", "主题： 打印机"),
    ],
    ["an old Outlook", "-----Original Message-----"],
    ["bold", lines("*From:* Ada", "*Sent:* Monday", "*To:* Support", "*Subject:* Fire")],
  ])("%s", (_, block) => {
    const got = splitReply(lines("It works.", "", "_".repeat(32), block, "", "Please help."));
    expect(got.text).toBe("It works.");
    expect(got.quoted).toContain("Please help.");
    expect(got.quoted).toContain(block);
  });

  it("keeps the signature apart, above the quotation or below", () => {
    expect(
      splitReply(lines("Thanks", "-- ", "Ada", "Engines Ltd", "", "On 5 Jan 2026 Bob wrote:", "> x")),
    ).toEqual({
      text: "Thanks",
      quoted: lines("On 5 Jan 2026 Bob wrote:", "> x"),
      signature: lines("-- ", "Ada", "Engines Ltd"),
    });
    expect(splitReply("谢谢\n\n发自我的iPhone").text).toBe("谢谢");
    expect(splitReply("Hi\n\nSent from my iPhone").signature).toBe("Sent from my iPhone");
  });

  it("leaves answers between quotations together with them", () => {
    const whole = lines("Hello,", "", "On 5 Jan 2026 Bob wrote:", "> one?", "yes", "> two?", "no");
    expect(splitReply(whole)).toEqual({ text: whole, quoted: null, signature: null });
  });

  it("takes the answer below a quotation", () => {
    const got = splitReply(lines("On 5 Jan 2026 Bob wrote:", "> Does it burn?", "", "It does."));
    expect(got).toEqual({
      text: "It does.",
      quoted: lines("On 5 Jan 2026 Bob wrote:", "> Does it burn?"),
      signature: null,
    });
  });

  it("leaves what is no quotation", () => {
    for (const text of [
      "",
      "On this day I wrote something.",
      "From: here\nit goes on without any other label",
      "a > b\n--\nis not",
      lines("Total:", "-----", "5", "=====", "Subject: to change"),
      "He wrote: no date",
    ]) {
      const got = splitReply(text);
      expect([got.text, got.quoted]).toEqual([text.split("\n--\n")[0], null]);
    }
  });

  it("never leaves nothing: a forward without a word is its own text", () => {
    const forward = lines(
      "---------- Forwarded message ----------",
      "From: Ada",
      "Subject: x",
      "",
      "Please help.",
    );
    expect(splitReply(forward)).toMatchObject({ text: forward.slice(forward.indexOf("From")) });
    expect(splitReply("> only\n> quoted").text).toBe("> only\n> quoted");
  });

  it("loses no line", () => {
    const whole = lines("a", "", "-- ", "me", "", "On 5 Jan 2026 Bob wrote:", "> b", "", "> c");
    const { text, quoted, signature } = splitReply(whole);
    const kept = [text, signature, quoted].join("\n").split("\n").filter(Boolean);
    expect(kept).toEqual(whole.split("\n").filter(Boolean));
  });

  it("takes its time from the length alone", () => {
    const started = performance.now();
    for (const unit of [
      "Op a schreef\n",
      "abc. a skrev\n",
      '01:01 2016 " < ',
      "On 1 a@b wrote:\n> x\n\ny\n",
      "--\n",
      "\n",
    ]) {
      splitReply(unit.repeat(50_000 / unit.length));
    }
    expect(performance.now() - started).toBeLessThan(5_000);
  });
});
