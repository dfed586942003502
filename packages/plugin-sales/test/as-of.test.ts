import { issueApiKey } from "@corm/core";
import { createHttp } from "@corm/core/http";
import { expect, it } from "vitest";
import { salesCrm, usd } from "./support.js";

const STAGES = ["prospecting", "qualification", "proposal", "negotiation", "won", "lost"];

it("tells the pipeline of every past day as a snapshot of that day would have", async () => {
  const { crm, me, clock } = await salesCrm();
  const { opportunity } = me.entities;
  let state = 5;
  const pick = (below: number): number => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
    return Math.floor(state / 65_536) % below;
  };
  const byStage = (asOf?: string) =>
    opportunity.aggregate({
      where: { status: "open" },
      groupBy: ["stage"],
      measures: { n: { count: true }, amount: { sum: "amount" } },
      ...(asOf === undefined ? {} : { asOf }),
    });
  const snapshots: { at: string; rows: unknown; open: number }[] = [];
  for (let day = 0; day < 12; day++) {
    for (let n = 0; n < 6; n++) {
      clock.advance({ hours: 1 });
      const { items } = await opportunity.find({ limit: 500 });
      const one = items[pick(Math.max(items.length, 1))];
      const what = pick(5);
      if (!one || what === 0) {
        const stage = STAGES[pick(4)] as string;
        await opportunity.create({ name: `deal ${day}.${n}`, stage, amount: usd(`${100 + pick(100)}`) });
      } else if (what === 1) await opportunity.update(one.id, { amount: usd(`${pick(200)}`) });
      else if (what === 2 && pick(3) === 0) await opportunity.delete(one.id);
      else if (one.status === "open") await opportunity.moveTo(one.id, { stage: STAGES[pick(6)] as string });
    }
    clock.advance({ hours: 18 });
    const open = (await opportunity.find({ where: { status: "open" }, limit: 500 })).items.length;
    snapshots.push({ at: me.now(), rows: await byStage(), open });
  }
  expect(new Set(snapshots.map(({ rows }) => JSON.stringify(rows))).size).toBeGreaterThan(8);
  for (const { at, rows, open } of snapshots) {
    expect(await byStage(at)).toEqual(rows);
    expect(await opportunity.count({ status: "open" }, { asOf: at })).toBe(open);
  }

  // Over HTTP the same.
  const { key } = await issueApiKey(me, { name: "test", roles: ["admin"] });
  const app = createHttp(crm);
  const headers = { authorization: `Bearer ${key}` };
  const call = async (path: string) => {
    const answer = await app.request(path, { headers });
    return { status: answer.status, etag: answer.headers.get("etag"), body: (await answer.json()) as never };
  };
  const { at, rows, open } = snapshots[4] as (typeof snapshots)[0];
  const list = await call(`/api/opportunities?filter[status]=open&asOf=${at}&count=true&limit=2`);
  expect(list.body).toMatchObject({ page: { total: open, limit: 2 } });
  const [first] = (list.body as { data: { id: string; stage: string }[] }).data;
  const got = await call(`/api/opportunities/${first?.id}?asOf=${at}`);
  expect(got).toMatchObject({ status: 200, etag: null, body: { stage: first?.stage } });
  const asked = {
    where: { status: "open" },
    groupBy: ["stage"],
    measures: { n: { count: true }, amount: { sum: "amount" } },
    asOf: at,
  };
  const sums = await app.request("/api/opportunities/aggregate", {
    method: "POST",
    headers: { ...headers, "content-type": "application/json" },
    body: JSON.stringify(asked),
  });
  expect(await sums.json()).toEqual({ data: rows });
  const before = await call("/api/opportunities?asOf=2020-01-01T00:00:00Z");
  expect(before.body).toMatchObject({ data: [] });
  const future = await call("/api/opportunities?asOf=2200-01-01T00:00:00Z");
  expect(future).toMatchObject({ status: 400, body: { code: "invalid-query" } });
  const accounts = await call(`/api/accounts?asOf=${at}`);
  expect(accounts).toMatchObject({ status: 400, body: { code: "not-temporal" } });
  await crm.stop();
});
