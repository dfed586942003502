import { attachment, crmCore, defineRole, grant, issueApiKey, user } from "@corm/core";
import { createHttp } from "@corm/core/http";
import { createTestCrm, runJobs } from "@corm/core/testing";
import {
  activityInvitation,
  activityOfOpportunity,
  activitySeries,
  contract,
  forecastEntry,
  forecastSnapshot,
  opportunity,
  order,
  orderLine,
  pipeline,
  quota,
  quote,
  quoteLine,
  sales,
  stage,
  territory,
  territoryModel,
} from "@corm/plugin-sales";
import { expect, it } from "vitest";
import { usd } from "./support.js";

const own = { read: "own", create: "own", update: "own", delete: "own", export: true } as const;
const hanging = {
  read: ["own", "parent"],
  create: "own",
  update: "own",
  delete: "own",
  export: true,
} as const;
const seller = defineRole({
  name: "seller",
  entities: {
    ...grant(user, { read: "all" }),
    ...grant(stage, { read: "all" }),
    ...grant(pipeline, { read: "all" }),
    ...grant(opportunity, own),
    ...grant(quote, hanging),
    ...grant(quoteLine, { read: "parent", export: true }),
    ...grant(order, hanging),
    ...grant(orderLine, { read: "parent", export: true }),
    ...grant(contract, hanging),
    ...grant(quota, { read: "own", export: true }),
    ...grant(forecastEntry, { read: "own", export: true }),
    ...grant(forecastSnapshot, { read: "own", export: true }),
    ...grant(territory, { read: "own", export: true }),
    ...grant(activityOfOpportunity, hanging),
    ...grant(activitySeries, hanging),
    ...grant(activityInvitation, { read: "parent", export: true }),
    ...grant(attachment, { read: "parent", export: true }),
  },
  permissions: ["*"],
});

/** What belongs to somebody else is not there: in no list, count, sum, export, document or answer, and no action moves it. */
it("keeps what belongs to others from a seller on every path", async () => {
  const test = await createTestCrm({ plugins: [crmCore(), sales()], roles: [seller], currency: "USD" });
  const { crm, me } = test;
  const [ada, bob] = await me.entities.user.createMany([{ name: "Ada" }, { name: "Bob" }]);
  if (!ada || !bob) throw new Error("no users");
  const { id: modelId } = await me.entities.territoryModel.create({ name: "2026" });
  const template = await me.entities.documentTemplate.create({
    name: "T",
    body: "<p>{{ contract.number }}</p>",
  });
  async function business(ownerId: string, name: string, amount: string) {
    const deal = await me.entities.opportunity.create({
      ...{ name, ownerId, amount: usd(amount), stage: "won", closeDate: "2026-01-05" },
    });
    const made = await me.entities.quote.create({ name, opportunityId: deal.id, ownerId });
    await me.entities.quoteLine.create({ quoteId: made.id, description: name, unitPrice: usd(amount) });
    const sent = await me.entities.quote.send(made.id);
    const app = createHttp(crm);
    const answer = await app.request(sent.path, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ decision: "accept", hash: sent.documentHash, name: "Customer" }),
    });
    expect(answer.status).toBe(200);
    const ordered = await me.entities.quote.order(made.id, {});
    const agreed = await me.entities.opportunity.makeContract(deal.id, {
      ...{
        templateId: template.id,
        startsOn: "2026-02-01",
        signatories: [{ name: "Customer", role: "Buyer" }],
      },
    });
    const target = await me.entities.quota.create({
      userId: ownerId,
      period: "2026-Q1",
      amount: usd("1000"),
    });
    const place = await me.entities.territory.create({ modelId, name, managerId: ownerId });
    const series = await me.entities.activitySeries.create({
      ...{
        kind: "call",
        subject: name,
        startsAt: "2026-01-06T09:00:00",
        rule: "FREQ=DAILY;COUNT=2",
        ownerId,
      },
    });
    return {
      deal,
      quote: made.id,
      order: ordered.id,
      contract: agreed.id,
      quota: target.id,
      territory: place.id,
      series: series.id,
    };
  }
  const hers = await business(ada.id, "Mine", "100");
  const his = await business(bob.id, "Foreign", "7777");
  await runJobs(test, { for: { days: 1 } });

  const identity = {
    actor: { kind: "user", id: ada.id },
    tenant: "test",
    userId: ada.id,
    roles: ["seller"],
  } as const;
  const as = crm.as(identity);
  const { key } = await issueApiKey(me, { name: "ada", roles: ["seller"], userId: ada.id });
  const app = createHttp(crm);
  const call = async (path: string, body?: object) => {
    const answer = await app.request(path, {
      method: body ? "POST" : "GET",
      headers: { authorization: `Bearer ${key}`, "content-type": "application/json" },
      ...(body ? { body: JSON.stringify(body) } : {}),
    });
    return { status: answer.status, text: await answer.text() };
  };
  const lists = [
    ...[
      "opportunities",
      "quotes",
      "quote-lines",
      "orders",
      "order-lines",
      "contracts",
      "quotas",
      "territories",
    ],
    ...["forecast-snapshots", "activities", "activity-series-list", "attachments"],
  ];
  for (const list of lists) {
    const page = await call(`/api/${list}?limit=100`);
    expect(page.status, list).toBe(200);
    expect(JSON.parse(page.text).data.length, list).toBeGreaterThan(0);
    const file = await call(`/api/${list}/export?format=csv`);
    expect([list, file.status]).toEqual([list, 200]);
    for (const { text } of [page, file]) {
      expect(text, list).not.toMatch(/Foreign|7777/);
      for (const id of [
        his.deal.id,
        his.quote,
        his.order,
        his.contract,
        his.quota,
        his.territory,
        his.series,
      ])
        expect(text, list).not.toContain(id);
    }
  }
  // One by one, as a document, with what hangs on it, and by what it leads to.
  const paths = (of: typeof his) => [
    `/api/opportunities/${of.deal.id}?include=quotes,orders,contracts`,
    `/api/opportunities/${of.deal.id}/timeline`,
    `/api/quotes/${of.quote}/document?format=html`,
    `/api/quotes/${of.quote}/history`,
    `/api/contracts/${of.contract}/document?format=html`,
    `/api/orders/${of.order}?include=lines`,
    `/api/quotas/${of.quota}`,
    `/api/territories/${of.territory}`,
    `/api/activity-series-list/${of.series}`,
  ];
  for (const path of paths(hers)) expect([path, (await call(path)).status]).toEqual([path, 200]);
  for (const path of paths(his)) expect([path, (await call(path)).status]).toEqual([path, 404]);
  const actions = (of: typeof his): [string, object][] => [
    [`/api/quotes/${of.quote}/link`, {}],
    [`/api/quotes/${of.quote}/send`, {}],
    [`/api/quotes/${of.quote}/revise`, {}],
    [`/api/quotes/${of.quote}/order`, {}],
    [`/api/contracts/${of.contract}/sign`, { name: "Customer", documentHash: "x" }],
    [`/api/opportunities/${of.deal.id}/move-to`, { stage: "lost" }],
    [`/api/opportunities/${of.deal.id}/set-team`, { members: [] }],
    [`/api/quotas/${of.quota}/attainment`, {}],
  ];
  for (const [path, body] of actions(his))
    expect([path, (await call(path, body)).status]).toEqual([path, 404]);
  const foreign = (await me.entities.activity.first({ where: { seriesId: his.series } }))?.id as string;
  for (const verb of ["change-series", "invite", "uninvite"]) {
    const body = {
      "change-series": { scope: "all", cancel: true },
      invite: {},
      uninvite: { addresses: ["a@b.co"] },
    }[verb];
    expect([verb, (await call(`/api/activities/${foreign}/${verb}`, body)).status]).toEqual([verb, 404]);
  }
  // Models of territories are of those who may read and change them.
  for (const verb of ["preview", "activate"])
    expect((await call(`/api/territory-models/${modelId}/${verb}`, {})).status).toBeGreaterThanOrEqual(403);
  expect((await me.repo(territoryModel).get(modelId)).state).toBe("planning");

  // Sums are over what she may see.
  const forecast = await as.entities.opportunity.forecast({ period: "2026-Q1" });
  expect(forecast).toMatchObject({ opportunities: 1, total: usd("100.00") });
  expect(forecast.lines.find(({ userId }) => userId === bob.id)).toMatchObject({
    quota: null,
    own: { closed: usd("0.00") },
  });
  expect(forecast.lines.find(({ userId }) => userId === ada.id)).toMatchObject({ attainment: 0.1 });
  expect(JSON.stringify(await as.entities.opportunity.salesReport())).not.toContain("7777");
  expect(
    JSON.stringify(await as.entities.opportunity.salesAnalysis({ from: "2026-01-01", until: "2026-12-31" })),
  ).not.toContain("7777");
  expect(await as.entities.quota.attainment(hers.quota)).toMatchObject({ closed: usd("100.00") });
  // Nothing of his has moved.
  expect((await me.entities.opportunity.get(his.deal.id)).stage).toBe("won");
  expect((await me.entities.contract.get(his.contract)).status).toBe("draft");
  expect(await me.entities.activity.count({ seriesId: his.series })).toBe(2);
  await crm.stop();
});
