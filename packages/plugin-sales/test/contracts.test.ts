import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { issueApiKey } from "@corm/core";
import { runJobs } from "@corm/core/testing";
import { decideQuote } from "@corm/plugin-sales";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { httpOf, makeQuote, type QuoteCrm, quoteCrm } from "./quote-support.js";
import { usd } from "./support.js";

const fonts = join(dirname(createRequire(import.meta.url).resolve("@embedpdf/fonts-sc")), "../fonts");
const CJK = {
  normal: join(fonts, "NotoSansHans-Regular.otf"),
  bold: join(fonts, "NotoSansHans-Bold.otf"),
};
/** For looking at: the folder in which pictures are kept. */
const PICTURES = process.env["CORM_PICTURES"];

const BODY = `<h1>Contract {{ contract.number }}</h1>
<p>Between <b>{{ seller }}</b> and <b>{{ account.name }}</b>, from {{ contract.startsOn }} to {{ contract.endsOn }}.</p>
<h2>What is delivered 交付内容</h2>
<table><tr><th>Item</th><th>Quantity</th><th>Amount</th></tr>
{% for line in order.lines %}<tr><td>{{ line.description }}</td><td>{{ line.quantity }}</td><td>{{ line.net }}</td></tr>{% endfor %}</table>
<p>In total {{ contract.total }}.</p>
<ol><li>Payment within 30 days.<li>本合同一式两份，双方各执一份。</ol>
<hr>
{% for who in contract.signatories %}<p>________________<br>{{ who.name }}, {{ who.role }}</p>{% endfor %}`;

let test: QuoteCrm;
let me: QuoteCrm["me"];
beforeEach(async () => {
  test = await quoteCrm({ fonts: [CJK] });
  me = test.me;
});
afterEach(() => test.crm.stop());

async function wonDeal() {
  const made = await makeQuote(me);
  const { quote, opportunity, quoteLine } = me.entities;
  await quoteLine.update(made.lines[2]!, {
    description: "<b>Credit</b> & {{ seller }}",
    unitPrice: usd("-50"),
  });
  const { documentHash: hash } = await quote.send(made.id);
  await decideQuote(me, made.id, { decision: "accept", by: "Ada", from: null, hash });
  const order = await quote.order(made.id);
  await opportunity.moveTo(made.deal.id, { stage: "won" });
  return { deal: made.deal.id, orderId: order.id, quoteId: made.id };
}

const terms = {
  startsOn: "2026-02-01",
  termMonths: 12,
  noticeDays: 30,
  signatories: [
    { name: "Ada Lovelace", role: "Customer" },
    { name: "Grace Hopper", role: "Managing director" },
  ],
};

describe("a contract", () => {
  it("is made of a won opportunity and a template, escaped, and signed by everybody", async () => {
    const { deal, orderId } = await wonDeal();
    const { documentTemplate, opportunity, contract } = me.entities;
    const template = await documentTemplate.create({ name: "Standard", body: BODY });
    const open = await opportunity.create({ name: "Open" });
    const input = { templateId: template.id, orderId, ...terms };
    await expect(opportunity.makeContract(open.id, input)).rejects.toMatchObject({
      code: "opportunity-not-won",
    });
    const { call } = await httpOf(test);
    const made = await call("POST", `/api/opportunities/${deal}/make-contract`, input);
    expect(made).toMatchObject({ status: 200, body: { number: "C-000001" } });
    const record = await contract.get(made.body.id);
    expect(record).toMatchObject({
      status: "draft",
      endsOn: "2027-01-31",
      reminderOn: "2027-01-01",
      total: usd("1325.00"),
    });
    expect(record.html).toContain("<td>&lt;b&gt;Credit&lt;/b&gt; &amp; {{ seller }}</td>");
    expect(record.html).toContain("<td>-$50.00</td>");
    const sign = (name: string) => contract.sign(record.id, { name, documentHash: record.documentHash });
    await expect(sign("Nobody")).rejects.toMatchObject({ code: "validation-failed" });
    await expect(contract.sign(record.id, { name: "Ada Lovelace", documentHash: "0" })).rejects.toMatchObject(
      {
        code: "validation-failed",
      },
    );
    expect((await sign("Ada Lovelace")).status).toBe("draft");
    await expect(sign("Ada Lovelace")).rejects.toMatchObject({ code: "already-signed" });
    expect((await sign("Grace Hopper")).status).toBe("active");
    await expect(contract.update(record.id, { html: "other" })).rejects.toMatchObject({
      issues: [{ code: "immutable" }],
    });
    await expect(contract.delete(record.id)).rejects.toMatchObject({ code: "document-is-written" });
  });

  it("takes no template that runs, loads or misspells something", async () => {
    const { documentTemplate } = me.entities;
    const refused = async (body: string) => {
      const error = (await documentTemplate
        .create({ name: body.slice(0, 50), body })
        .catch((caught) => caught)) as Error;
      expect(error).toMatchObject({ code: "template-broken", status: 422 });
      return error.message;
    };
    for (const body of [undefined, null, 5])
      await expect(documentTemplate.create({ name: "No text", body } as never)).rejects.toMatchObject({
        code: "validation-failed",
        issues: [{ pointer: "/body" }],
      });
    expect(await refused("<script>1</script>")).toMatch(/<script>/);
    expect(await refused("{% include 'etc/passwd' %}")).toMatch(/include/);
    expect(await refused("{{ account.nmae }}")).toMatch(/nmae/);
    expect(await refused('<a href="javascript:alert(1)">x</a>')).toMatch(/javascript/);
    expect(await refused("<p onclick={{ account.name }}>x</p>")).toMatch(/onclick/);
    expect(await refused("{{ account.constructor.name }}")).toMatch(/constructor/);
    expect(await refused("{% for i in (1..100000000) %}x{% endfor %}")).toMatch(/limit/);
  });

  it("reminds its owner once, ends when it is over, or goes on by itself", async () => {
    const { deal, orderId } = await wonDeal();
    const { documentTemplate, opportunity, contract, activity } = me.entities;
    const template = await documentTemplate.create({ name: "Standard", body: BODY });
    const make = async (rest: object) => {
      const { id, documentHash } = await opportunity.makeContract(deal, {
        templateId: template.id,
        orderId,
        ...terms,
        ...rest,
      });
      for (const { name } of terms.signatories) await contract.sign(id, { name, documentHash });
      return id;
    };
    const ending = await make({ termMonths: 2 });
    const going = await make({ termMonths: 2, renewal: "automatic", noticeDays: 10 });
    const draft = await opportunity.makeContract(deal, { templateId: template.id, ...terms, termMonths: 1 });
    const day = async (date: string) => {
      test.clock.set(`${date}T06:00:00Z`);
      await runJobs(test);
    };
    await day("2026-02-28");
    const tasks = async () =>
      (await activity.find({ where: { kind: "task" }, orderBy: ["subject", "dueAt"] })).items.map(
        ({ subject, dueAt }) => `${subject} ${dueAt?.slice(0, 10)}`,
      );
    // Thirty days before 31 March it is told, and not before or again.
    expect(await tasks()).toEqual([]);
    for (const date of ["2026-03-01", "2026-03-02", "2026-03-02"]) await day(date);
    expect(await tasks()).toEqual(["Contract C-000001 ends on 2026-03-31 2026-03-31"]);
    for (const date of ["2026-03-25", "2026-04-01", "2026-05-25", "2026-06-15"]) await day(date);
    expect(await tasks()).toEqual([
      "Contract C-000001 ends on 2026-03-31 2026-03-31",
      "Contract C-000002 ends on 2026-03-31 2026-03-31",
      "Contract C-000002 ends on 2026-05-31 2026-05-31",
    ]);
    expect(await contract.get(ending)).toMatchObject({ status: "ended", endsOn: "2026-03-31" });
    expect(await contract.get(going)).toMatchObject({ status: "active", endsOn: "2026-07-31" });
    expect((await contract.get(draft.id)).status).toBe("draft");
  });
});

describe("documents", () => {
  /** A page as a picture, in shades of grey: what a reader sees, and not what is said to be there. */
  function pictures(pdf: Uint8Array, name: string): Buffer[] {
    const folder = mkdtempSync(join(tmpdir(), "corm-pdf-"));
    try {
      writeFileSync(join(folder, "in.pdf"), pdf);
      execFileSync("pdftoppm", ["-gray", "-r", "60", join(folder, "in.pdf"), join(folder, "page")]);
      if (PICTURES) {
        writeFileSync(join(PICTURES, `${name}.pdf`), pdf);
        execFileSync("pdftoppm", ["-png", "-r", "80", join(folder, "in.pdf"), join(PICTURES, name)]);
      }
      const files = execFileSync("ls", [folder])
        .toString()
        .split("\n")
        .filter((file) => file.endsWith(".pgm"))
        .sort();
      return files.map((file) => execFileSync("cat", [join(folder, file)]));
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  }
  /** Dark points. */
  const ink = (picture: Buffer): number =>
    picture.subarray(15).reduce((sum, grey) => sum + (grey < 128 ? 1 : 0), 0);
  const hasPdftoppm = (() => {
    try {
      execFileSync("pdftoppm", ["-v"], { stdio: "ignore" });
      return true;
    } catch {
      return false;
    }
  })();

  it.skipIf(!hasPdftoppm)("are printed in Latin and Chinese, and look like it", async () => {
    const { deal, orderId, quoteId } = await wonDeal();
    const template = await me.entities.documentTemplate.create({ name: "Standard", body: BODY });
    const { id } = await me.entities.opportunity.makeContract(deal, {
      templateId: template.id,
      orderId,
      ...terms,
    });
    const { app, call } = await httpOf(test);
    expect((await call("GET", "/api/contracts")).status).toBe(200);
    const get = async (path: string) => (await call("GET", path)) as { status: number; headers: Headers };
    expect(
      (await get(`/api/contracts/${id}/document?format=html`)).headers.get("content-security-policy"),
    ).toMatch(/sandbox/);
    expect((await get(`/api/quotes/${quoteId}/document?format=html`)).status).toBe(200);
    expect((await get(`/api/contracts/${deal}/document`)).status).toBe(404);
    const { key } = await issueApiKey(me, { name: "pictures", roles: ["admin"] });
    const download = async (path: string) => {
      const answer = await app.request(path, { headers: { authorization: `Bearer ${key}` } });
      expect(answer.headers.get("content-type")).toBe("application/pdf");
      return new Uint8Array(await answer.arrayBuffer());
    };
    const contract = pictures(await download(`/api/contracts/${id}/document`), "contract");
    const quote = pictures(await download(`/api/quotes/${quoteId}/document`), "quote");
    expect(contract).toHaveLength(1);
    expect(quote).toHaveLength(1);
    // A Chinese document has more ink than the same one with its Chinese characters left out.
    const bare = await me.entities.documentTemplate.create({
      name: "Bare",
      body: BODY.replaceAll(/[\u3000-\u9fff\uff00-\uffef]/g, ""),
    });
    const second = await me.entities.opportunity.makeContract(deal, {
      templateId: bare.id,
      orderId,
      ...terms,
    });
    const [without] = pictures(await download(`/api/contracts/${second.id}/document`), "bare");
    expect(ink(contract[0]!)).toBeGreaterThan(ink(without!) + 300);
  });

  it("say which characters no font has, instead of leaving them out", async () => {
    const { crm, me: mine } = await quoteCrm();
    const { id } = await makeQuote(mine);
    await mine.entities.quote.send(id);
    const { call } = await httpOf({ crm, me: mine });
    const answer = await call("GET", `/api/quotes/${id}/document`);
    expect(answer).toMatchObject({ status: 422, body: { code: "document-font-missing" } });
    expect(answer.body.detail).toContain("暖");
    await crm.stop();
  });
});
