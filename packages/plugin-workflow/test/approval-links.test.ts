import {
  crmCore,
  definePlugin,
  type MailReceipt,
  mailPort,
  type OutgoingMail,
  provide,
  roleAssignment,
  user,
} from "@corm/core";
import { createHttp } from "@corm/core/http";
import { createTestCrm, runJobs } from "@corm/core/testing";
import { lead, leads } from "@corm/plugin-leads";
import { approval, approvalProcess, approvalVote, submit, workflow } from "@corm/plugin-workflow";
import { expect, it } from "vitest";

async function begin() {
  const sent: OutgoingMail[] = [];
  const mailer = definePlugin({
    name: "mailer",
    version: "1.0.0",
    corm: "^0.1",
    requires: { crm: "^0.1" },
    setup: () => ({
      services: [
        provide(mailPort, () => ({
          send: async (mail): Promise<MailReceipt> => {
            sent.push(mail);
            return { outcome: "sent", detail: "250 ok" };
          },
        })),
      ],
    }),
  });
  const kit = await createTestCrm({
    plugins: [
      crmCore(),
      leads(),
      mailer(),
      workflow({
        approvable: ["lead"],
        publicUrl: "https://crm.example.com/",
        mailFrom: { address: "crm@example.com", name: "CRM" },
      }),
    ],
  });
  const { me, crm } = kit;
  const people = await me
    .repo(user)
    .createMany([
      { name: "Boss\r\nBcc: evil@example.com", email: "boss@example.com" },
      { name: "Other", email: "other@example.com" },
      { name: "Seller" },
    ]);
  await me.repo(roleAssignment).createMany(people.map(({ id }) => ({ userId: id, role: "admin" })));
  await me.repo(approvalProcess).create({
    name: "All",
    target: "lead",
    onApproved: { status: "qualified" },
    onRejected: { status: "unqualified" },
    steps: [
      {
        name: "Desk",
        mode: "first",
        approvers: people.slice(0, 2).map(({ id }) => ({ kind: "user" as const, id })),
      },
    ],
  });
  const seller = crm.as({
    ...{ actor: { kind: "user", id: people[2]?.id as string }, userId: people[2]?.id as string },
    ...{ tenant: "test", roles: ["admin"] },
  });
  const app = createHttp(crm, { authenticate: () => undefined });
  const call = async (method: string, url: string, body?: string) => {
    const request = new Request(url.replace("https://crm.example.com", "http://localhost"), {
      method,
      ...(body === undefined
        ? {}
        : { body, headers: { "content-type": "application/x-www-form-urlencoded" } }),
    });
    const response = await app.fetch(request);
    return { status: response.status, text: await response.text(), headers: response.headers };
  };
  const hand = async (lastName = "<b>A</b>") => {
    const { id } = await me.repo(lead).create({ lastName });
    await seller.run(submit, { target: "lead", id });
    await runJobs(kit);
    return id;
  };
  const links = (mail: OutgoingMail | undefined) => {
    const [yes = "", no = ""] = mail?.text.match(/https:\S+/g) ?? [];
    return { yes, no };
  };
  return { ...kit, sent, people, call, hand, links };
}

it("whoever is asked answers by a link, once; looking at it changes nothing", async () => {
  const kit = await begin();
  const { me, sent, call, hand, links } = kit;
  const id = await hand();
  expect(sent.map(({ to }) => to.address).sort()).toEqual(["boss@example.com", "other@example.com"]);
  const mail = sent.find(({ to }) => to.address === "boss@example.com");
  expect(JSON.stringify([mail?.subject, mail?.to.name, mail?.headers])).not.toMatch(/[\r\n]|\\r|\\n/);
  const { yes } = links(mail);
  for (let n = 0; n < 3; n++) {
    const looked = await call("GET", yes);
    expect(looked.status).toBe(200);
    expect(looked.text).toContain("&lt;b&gt;A&lt;/b&gt;");
    expect(looked.headers.get("cache-control")).toBe("no-store");
    expect(looked.headers.get("content-security-policy")).toContain("default-src 'none'");
  }
  expect((await me.repo(lead).get(id)).status).toBe("new");
  const done = await call("POST", yes, "comment=Fine+by+me");
  expect([done.status, done.text]).toEqual([200, expect.stringContaining("Approved.")]);
  expect((await me.repo(lead).get(id)).status).toBe("qualified");
  const [vote] = (await me.repo(approvalVote).find({ where: { decision: "approved" } })).items;
  expect(vote).toMatchObject({ approverId: kit.people[0]?.id, comment: "Fine by me" });
  // Used, and of the one who is not asked any more.
  for (const { text } of sent)
    for (const url of text.match(/https:\S+/g) ?? [])
      for (const method of ["GET", "POST"])
        expect((await call(method, url, method === "POST" ? "" : undefined)).status).toBe(404);
  expect(await me.repo(approval).count({ state: "pending" })).toBe(0);
  await kit.crm.stop();
});

it("I76 a link that is forged, cut, of another purpose or too old holds nothing, and looks like any other", async () => {
  const kit = await begin();
  const { me, sent, call, hand, links, people } = kit;
  const id = await hand();
  const { no } = links(sent[0]);
  const token = no.slice(no.lastIndexOf("/") + 1);
  const base = no.slice(0, no.lastIndexOf("/") + 1);
  const flipped = `${token.slice(0, -3)}${token.at(-3) === "A" ? "B" : "A"}${token.slice(-2)}`;
  const [open] = (await me.repo(approvalVote).find()).items;
  const other = me.tokens.sign("workflow.other", ["test", open?.id, "approve"]);
  const never = me.tokens.sign("workflow.vote", ["test", open?.id, "delete"]);
  const elsewhere = me.tokens.sign("workflow.vote", ["elsewhere", open?.id, "approve"]);
  const texts = new Set<string>();
  for (const wrong of ["x", token.slice(0, -1), flipped, other, never, elsewhere]) {
    const answer = await call("POST", base + wrong, "");
    expect(answer.status).toBe(404);
    texts.add(answer.text);
  }
  expect(texts.size).toBe(1);
  // Who may not act any more does not by a link either.
  const asked = people.find(({ email }) => email === sent[0]?.to.address);
  await me.repo(user).update(asked?.id as string, { active: false });
  expect((await call("POST", no, "")).status).toBe(403);
  await me.repo(user).update(asked?.id as string, { active: true });
  kit.clock.advance({ days: 15 });
  expect((await call("POST", no, "")).status).toBe(404);
  expect((await me.repo(lead).get(id)).status).toBe("new");
  // Two links at the same moment are one answer.
  const second = await hand("B");
  const fresh = sent.slice(2).map(links);
  const answers = await Promise.all([
    call("POST", fresh[0]?.no as string, ""),
    call("POST", fresh[1]?.yes as string, ""),
  ]);
  expect(answers.map(({ status }) => status).sort()).toEqual([200, 404]);
  expect((await me.repo(lead).get(second)).status).not.toBe("new");
  await kit.crm.stop();
});
