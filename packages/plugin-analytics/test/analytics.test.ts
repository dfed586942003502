import {
  type AppSession,
  contact,
  crmCore,
  date,
  defineEntity,
  defineFunnel,
  defineMetric,
  definePersonalData,
  definePlugin,
  defineRatio,
  issueApiKey,
  money,
  oneOf,
  reference,
  Type,
  user,
} from "@corm/core";
import { createHttp } from "@corm/core/http";
import { createTestCrm } from "@corm/core/testing";
import { afterEach, describe, expect, test } from "vitest";
import {
  analytics,
  InvalidMetricQuery,
  queryFunnel,
  queryMetrics,
  renderDashboard,
  UnknownMetric,
} from "../src/index.js";

const deal = defineEntity("deal", {
  fields: {
    title: Type.String(),
    state: oneOf(["open", "won", "lost"]),
    amount: Type.Optional(money()),
    closedOn: Type.Optional(date()),
    ownerId: Type.Optional(reference(user)),
    contactId: Type.Optional(reference(contact)),
  },
  temporal: true,
});

const won = { state: "won" } as const;
const deals = definePlugin({
  name: "deals",
  version: "0.1.0",
  corm: "^0.1",
  requires: { crm: "^0.1" },
  setup: () => ({
    entities: { deal },
    privacy: [definePersonalData(deal, { by: ["contactId"], erase: "anonymise", keep: ["closedOn"] })],
    metrics: [
      defineMetric(deal, {
        name: "deals.revenue",
        label: "Revenue <b>",
        unit: "money",
        time: "closedOn",
        dimensions: ["ownerId", "state", "contactId"],
        measure: { sum: "amount", where: won },
      }),
      defineMetric(deal, {
        name: "deals.count",
        label: "Deals",
        unit: "count",
        time: "createdAt",
        measure: { count: true },
      }),
      defineRatio(deal, {
        name: "deals.winRate",
        label: "Win rate",
        time: "closedOn",
        dimensions: ["ownerId"],
        numerator: { count: true, where: won },
        denominator: { count: true, where: { state: { in: ["won", "lost"] } } },
      }),
      defineFunnel(deal, {
        name: "deals.funnel",
        label: "Deal funnel",
        steps: [
          { name: "all", label: "All", where: {} },
          { name: "decided", label: "Decided", where: { state: { ne: "open" } } },
          { name: "won", label: "Won", where: won },
        ],
      }),
    ],
  }),
});

type Plugins = readonly [ReturnType<typeof crmCore>, ReturnType<typeof deals>, ReturnType<typeof analytics>];
const stops: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0)) await stop();
});

async function start() {
  const kit = await createTestCrm({ plugins: [crmCore(), deals(), analytics()] });
  stops.push(() => kit.crm.stop());
  return kit;
}

const usd = (amount: string) => ({ amount, currency: "USD" });

async function seed(me: AppSession<Plugins>) {
  const [ann, bob] = await me.entities.user.createMany([{ name: 'Ann "A" <x>' }, { name: "Bob" }]);
  await me.entities.deal.createMany([
    { title: "a", state: "won", amount: usd("100.10"), closedOn: "2017-01-31", ownerId: ann!.id },
    { title: "b", state: "won", amount: usd("200.20"), closedOn: "2017-01-01", ownerId: bob!.id },
    { title: "c", state: "lost", closedOn: "2017-01-15", ownerId: bob!.id },
    { title: "d", state: "won", amount: usd("0.30"), closedOn: "2017-04-01", ownerId: ann!.id },
    { title: "e", state: "open", amount: usd("999.00") },
  ]);
  return { ann: ann!, bob: bob! };
}

describe("metric queries", () => {
  test("a series has every period, exact sums, and no rate of nothing", async () => {
    const { me } = await start();
    await seed(me);
    const answer = await queryMetrics(me, { measures: ["deals.revenue", "deals.winRate"], grain: "month" });
    expect(answer.periods).toEqual(["2017-01", "2017-02", "2017-03", "2017-04"]);
    expect(answer.rows.map((row) => row.values)).toEqual([
      { "deals.revenue": usd("300.30"), "deals.winRate": 2 / 3 },
      { "deals.revenue": usd("0.00"), "deals.winRate": null },
      { "deals.revenue": usd("0.00"), "deals.winRate": null },
      { "deals.revenue": usd("0.30"), "deals.winRate": 1 },
    ]);
  });

  test("answers as of a moment are what they were at that moment", async () => {
    const { me, clock } = await start();
    await seed(me);
    const asOf = me.now();
    const ask = (when: object) =>
      queryMetrics(me, { measures: ["deals.revenue", "deals.count"], ...when }).then(({ rows }) => rows);
    const funnel = (when: object) => queryFunnel(me, { metric: "deals.funnel", ...when });
    const before = [await ask({}), await funnel({})];
    clock.advance({ days: 1 });
    const open = await me.entities.deal.first({ where: { title: "e" } });
    await me.entities.deal.update(open!.id, { state: "won", closedOn: "2017-05-01" });
    await me.entities.deal.create({ title: "f", state: "lost" });
    expect([await ask({}), await funnel({})]).not.toEqual(before);
    expect([await ask({ asOf }), await funnel({ asOf })]).toEqual(before);
    await expect(ask({ asOf: "2200-01-01T00:00:00Z" })).rejects.toMatchObject({ code: "invalid-query" });
  });

  test("from and to are days, both included, and widen the series", async () => {
    const { me } = await start();
    await seed(me);
    const answer = await queryMetrics(me, {
      measures: ["deals.revenue"],
      grain: "quarter",
      from: "2016-12-31",
      to: "2017-01-31",
    });
    expect(answer.rows.map((row) => [row.period, row.values["deals.revenue"]])).toEqual([
      ["2016-Q4", usd("0.00")],
      ["2017-Q1", usd("300.30")],
    ]);
  });

  test("days of an instant begin in the zone that is asked for", async () => {
    const { me, clock } = await start();
    clock.set("2026-03-31T22:30:00Z"); // already April in Berlin
    await me.entities.deal.create({ title: "late", state: "open" });
    const ask = async (timeZone: string, from: string) => {
      const { rows } = await queryMetrics(me, {
        measures: ["deals.count"],
        grain: "month",
        timeZone,
        from,
        to: from,
      });
      return rows.map((row) => [row.period, row.values["deals.count"]]);
    };
    expect(await ask("Europe/Berlin", "2026-04-01")).toEqual([["2026-04", 1]]);
    expect(await ask("UTC", "2026-04-01")).toEqual([["2026-04", 0]]);
    expect(await ask("UTC", "2026-03-31")).toEqual([["2026-03", 1]]);
  });

  test("dimensions carry the names of what they point at", async () => {
    const { me } = await start();
    const { ann, bob } = await seed(me);
    const { rows } = await queryMetrics(me, { measures: ["deals.revenue"], dimensions: ["ownerId"] });
    const byOwner = new Map(rows.map((row) => [row.dimensions["ownerId"], row]));
    expect(byOwner.get(ann.id)).toMatchObject({
      labels: { ownerId: 'Ann "A" <x>' },
      values: { "deals.revenue": usd("100.40") },
    });
    expect(byOwner.get(bob.id)).toMatchObject({ labels: { ownerId: "Bob" } });
    expect(byOwner.get(null)).toMatchObject({
      labels: { ownerId: "(none)" },
      values: { "deals.revenue": usd("0.00") },
    });
  });

  test("a series ends where something is counted, not where something is expected", async () => {
    const { me } = await start();
    const { ann } = await seed(me);
    await me.entities.deal.create({ title: "f", state: "open", closedOn: "2019-12-31", ownerId: ann.id });
    for (const dimensions of [[], ["ownerId"]]) {
      const { periods } = await queryMetrics(me, {
        measures: ["deals.revenue"],
        grain: "quarter",
        dimensions,
      });
      expect(periods).toEqual(["2017-Q1", "2017-Q2"]);
    }
    await me.entities.deal.create({ title: "g", state: "lost", closedOn: "2017-07-01" });
    const { rows } = await queryMetrics(me, { measures: ["deals.winRate"], grain: "quarter" });
    expect(rows.map((row) => row.values["deals.winRate"])).toEqual([2 / 3, 1, 0]);
  });

  test("money of several currencies is never added, and can be split", async () => {
    const { me } = await start();
    const { bob } = await seed(me);
    const eur = { amount: "7.00", currency: "EUR" };
    await me.entities.deal.create({
      title: "f",
      state: "won",
      amount: eur,
      closedOn: "2017-02-01",
      ownerId: bob.id,
    });
    await expect(queryMetrics(me, { measures: ["deals.revenue"] })).rejects.toThrow(
      '"deals.revenue" adds EUR and USD. Split it by the dimension "currency"',
    );
    const { rows } = await queryMetrics(me, {
      measures: ["deals.revenue"],
      dimensions: ["currency"],
      grain: "quarter",
    });
    expect(rows.map((row) => [row.period, row.dimensions["currency"], row.values["deals.revenue"]])).toEqual([
      ["2017-Q1", "EUR", eur],
      ["2017-Q1", "USD", usd("300.30")],
      ["2017-Q2", "EUR", { amount: "0.00", currency: "EUR" }],
      ["2017-Q2", "USD", usd("0.30")],
    ]);
    const narrowed = await queryMetrics(me, {
      measures: ["deals.revenue"],
      where: { "amount.currency": "EUR" },
    });
    expect(narrowed.rows[0]?.values["deals.revenue"]).toEqual(eur);
    await expect(queryMetrics(me, { measures: ["deals.count"], dimensions: ["currency"] })).rejects.toThrow(
      /cannot be split by "currency"/,
    );
  });

  test("people are called by their names, not by their job titles", async () => {
    const { me } = await start();
    const person = await me.entities.contact.create({
      firstName: "Ada",
      lastName: "Lovelace",
      title: "Countess",
    });
    await me.entities.deal.create({
      title: "a",
      state: "won",
      amount: usd("1.00"),
      closedOn: "2017-01-01",
      contactId: person.id,
    });
    const { rows } = await queryMetrics(me, { measures: ["deals.revenue"], dimensions: ["contactId"] });
    expect(rows.map((row) => row.labels)).toEqual([{ contactId: "Ada Lovelace" }]);
  });

  test("another tenant's records do not count", async () => {
    const { me, inTenant } = await start();
    await seed(me);
    const { rows } = await queryMetrics(inTenant("other"), { measures: ["deals.count"] });
    expect(rows).toEqual([{ period: null, dimensions: {}, labels: {}, values: { "deals.count": 0 } }]);
  });

  test("what cannot be asked is refused with the way out", async () => {
    const { me } = await start();
    const ask = (query: object) => queryMetrics(me, query as never);
    await expect(ask({ measures: ["deals.nothing"] })).rejects.toSatisfy(UnknownMetric.is);
    await expect(ask({ measures: [] })).rejects.toSatisfy(InvalidMetricQuery.is);
    await expect(ask({ measures: ["deals.count"], dimensions: ["ownerId"] })).rejects.toThrow(
      /cannot be split by "ownerId"/,
    );
    await expect(ask({ measures: ["deals.funnel"] })).rejects.toThrow(/is a funnel/);
    await expect(ask({ measures: ["deals.revenue"], where: { amout: 1 } })).rejects.toThrow(
      /Did you mean "amount"/,
    );
    await expect(
      ask({ measures: ["deals.revenue"], grain: "day", from: "1990-01-01", to: "2020-01-01" }),
    ).rejects.toThrow(/more than 2000 periods/);
    await expect(ask({ measures: ["deals.revenue"], from: "2017-02-30" })).rejects.toThrow(/2017-02-30/);
  });

  test("a funnel counts all its steps in one question", async () => {
    const { me } = await start();
    await seed(me);
    const { steps } = await queryFunnel(me, { metric: "deals.funnel" });
    expect(steps).toEqual([
      { name: "all", label: "All", count: 5, conversion: null, overall: 1 },
      { name: "decided", label: "Decided", count: 4, conversion: 0.8, overall: 0.8 },
      { name: "won", label: "Won", count: 3, conversion: 0.75, overall: 0.6 },
    ]);
  });
});

describe("the dashboard", () => {
  test("is one page without script or outside parts, with every label escaped", async () => {
    const { me } = await start();
    await seed(me);
    const html = await renderDashboard(me, { title: "Deals & <more>" });
    expect(html).toContain("<h1>Deals &amp; &lt;more&gt;</h1>");
    expect(html).toContain("Revenue &lt;b&gt;");
    expect(html).not.toMatch(/<b>|<x>|<script|https?:\/\/(?!www\.w3\.org)/);
    expect(html).toContain("$300.60");
    expect(html.match(/<figure /g)?.length).toBe(4);
    // Every picture twice, named and described, and its numbers in a table.
    expect(html.match(/<svg /g)?.length).toBe(8);
    expect(html.match(/<title>/g)?.length).toBe(9);
    expect(html.match(/<table>/g)?.length).toBe(4);
    expect(html).not.toMatch(/#0101[01]/);
    // Its own policy forbids every style but the sheet in its head.
    expect(html).toContain(
      `<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'sha256-`,
    );
    expect(html.match(/<style>/g)?.length).toBe(1);
    expect(html).not.toMatch(/\sstyle=|\sclass="zr|ecmeta_/);
    const ids = [...html.matchAll(/\sid="([^"]+)"/g)].map((match) => match[1]);
    expect(new Set(ids).size).toBe(ids.length);
  });

  test("draws money of several currencies apart, and nothing where there is nothing", async () => {
    const { me } = await start();
    await seed(me);
    await me.entities.deal.create({
      title: "f",
      state: "won",
      amount: { amount: "7.00", currency: "EUR" },
      closedOn: "2017-02-01",
    });
    const html = await renderDashboard(me, {
      panels: [
        { kind: "value", metric: "deals.revenue" },
        { kind: "series", metric: "deals.revenue", grain: "quarter", chart: "bar" },
        { kind: "ranking", metric: "deals.revenue", dimension: "ownerId", limit: 1 },
      ],
    });
    expect(html).toContain("<dd>€7.00 · $300.60</dd>");
    const titles = [...html.matchAll(/<h2>([^<]*)<\/h2>/g)].map(([, title]) => title);
    expect(titles).toEqual([
      "Revenue &lt;b&gt; by quarter in EUR",
      "Revenue &lt;b&gt; by quarter in USD",
      "Revenue &lt;b&gt; by owner in EUR",
      "Revenue &lt;b&gt; by owner in USD, top 1 of 2",
    ]);
    expect(html).toContain("Q1 2017");
    const later = await renderDashboard(me, {
      from: "2018-01-01",
      to: "2018-12-31",
      panels: [{ kind: "series", metric: "deals.revenue", grain: "month", chart: "bar" }],
    });
    expect(later).toContain("There is nothing to show yet.");
  });

  test("says so when there is nothing", async () => {
    const kit = await createTestCrm({ plugins: [crmCore(), analytics()] });
    stops.push(() => kit.crm.stop());
    expect(await renderDashboard(kit.me)).toContain("There is nothing to show yet.");
  });

  test("is served to those who may see it, as are the actions", async () => {
    const { crm, me } = await start();
    await seed(me);
    const http = createHttp(crm);
    const { key } = await issueApiKey(me, { name: "test", roles: ["admin"] });
    const headers = { authorization: `Bearer ${key}` };
    expect((await http.request("/api/dashboard")).status).toBe(401);
    const page = await http.request("/api/dashboard?from=2017-01-01&to=2017-12-31", { headers });
    expect(page.status).toBe(200);
    expect(page.headers.get("content-security-policy")).toContain("default-src 'none'");
    expect(await page.text()).toContain("2017-01-01 to 2017-12-31");
    expect((await http.request("/api/dashboard?form=x", { headers })).status).toBe(400);

    const post = (name: string, body: unknown) =>
      http.request(`/api/actions/analytics.${name}`, {
        method: "POST",
        headers: { ...headers, "content-type": "application/json" },
        body: JSON.stringify(body),
      });
    const queried = await post("query", { measures: ["deals.revenue"], grain: "quarter" });
    expect(queried.status).toBe(200);
    expect(await queried.text()).toContain('"300.30"');
    expect((await post("funnel", { metric: "deals.funnel" })).status).toBe(200);
    expect((await post("query", { measures: ["nope"] })).status).toBe(400);
  });
});
