import { crmCore, defineFunnel, defineMetric, definePlugin, issueApiKey, user } from "@corm/core";
import { createHttp } from "@corm/core/http";
import { createTestCrm } from "@corm/core/testing";
import { afterEach, expect, test } from "vitest";
import { analytics } from "../src/index.js";

const people = definePlugin({
  name: "people",
  version: "0.1.0",
  corm: "^0.1",
  requires: { crm: "^0.1" },
  setup: () => ({
    metrics: [
      defineMetric(user, {
        name: "people.users",
        label: "Users",
        unit: "count",
        time: "createdAt",
        dimensions: ["active", "managerId"],
        measure: { count: true },
      }),
      defineMetric(user, {
        name: "people.names",
        label: "Names",
        unit: "count",
        measure: { countDistinct: "name" },
      }),
      defineFunnel(user, {
        name: "people.funnel",
        label: "People",
        steps: async () => [
          { name: "all", label: "All", where: {} },
          { name: "active", label: "Active", where: { active: true } },
        ],
      }),
    ],
  }),
});

const stops: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0)) await stop();
});

async function start() {
  const kit = await createTestCrm({ plugins: [crmCore(), people(), analytics()] });
  stops.push(() => kit.crm.stop());
  await kit.me.entities.user.createMany([{ name: "Ada" }, { name: "Bob", active: false }]);
  return kit;
}

const staff = {
  name: "staff",
  title: "Staff & <friends>",
  panels: [
    { kind: "value", metric: "people.users" },
    { kind: "series", metric: "people.users", grain: "month", chart: "bar" },
    { kind: "ranking", metric: "people.users", dimension: "active", limit: 5 },
    { kind: "funnel", metric: "people.funnel" },
  ],
} as const;

test("a saved dashboard is drawn under its name, for the tenant that saved it", async () => {
  const { crm, me, inTenant } = await start();
  const saved = await me.entities.dashboard.create({ ...staff, panels: [...staff.panels] });
  const { html } = await me.entities.dashboard.render(saved.id);
  const titles = [...html.matchAll(/<h2>([^<]*)<\/h2>/g)].map(([, title]) => title);
  expect(titles).toEqual(["Users by month", "Users by active", "People"]);
  expect(html).toContain("<h1>Staff &amp; &lt;friends&gt;</h1>");
  expect(html).toContain("2 · 100%");
  expect(html).toContain("1 · 50%");

  const http = createHttp(crm);
  const { key } = await issueApiKey(me, { name: "test", roles: ["admin"] });
  const get = (path: string) => http.request(path, { headers: { authorization: `Bearer ${key}` } });
  expect(await (await get("/api/dashboard?name=staff")).text()).toBe(html);
  expect((await get("/api/dashboard?name=nothing")).status).toBe(404);
  expect((await get(`/api/dashboards/${saved.id}`)).status).toBe(200);
  await expect(inTenant("other").entities.dashboard.render(saved.id)).rejects.toMatchObject({
    code: "not-found",
  });
});

test.each([
  [{ kind: "value", metric: "people.nobody" }, 'No plugin of this app declares the metric "people.nobody"'],
  [{ kind: "value", metric: "people.funnel" }, "is a funnel"],
  [{ kind: "funnel", metric: "people.users" }, "is a number and no funnel"],
  [{ kind: "ranking", metric: "people.users", dimension: "name", limit: 5 }, 'cannot be split by "name"'],
  [{ kind: "series", metric: "people.names", grain: "month", chart: "bar" }, "has no place in time"],
] as const)("a panel that could not be drawn is refused when it is saved: %j", async (panel, words) => {
  const { me } = await start();
  const panels = [staff.panels[0], panel];
  const create = me.entities.dashboard.create({ name: "x", title: "X", panels });
  await expect(create).rejects.toMatchObject({ code: "invalid-dashboard", status: 422 });
  await expect(me.entities.dashboard.create({ name: "x", title: "X", panels })).rejects.toThrow(
    `Dashboard "x", /panels/1: `,
  );
  const good = await me.entities.dashboard.create({ name: "x", title: "X", panels: [staff.panels[0]] });
  await expect(me.entities.dashboard.update(good.id, { panels })).rejects.toThrow(words);
  expect((await me.entities.dashboard.update(good.id, { title: "Y" })).title).toBe("Y");
});

test("a panel of no known shape is refused by its field", async () => {
  const { me } = await start();
  for (const panel of [
    { kind: "pie", metric: "people.users" },
    { kind: "value" },
    { ...staff.panels[0], extra: 1 },
  ]) {
    const create = me.entities.dashboard.create({ name: "x", title: "X", panels: [panel as never] });
    await expect(create).rejects.toMatchObject({ code: "validation-failed" });
  }
});
