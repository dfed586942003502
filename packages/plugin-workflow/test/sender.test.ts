import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { roleAssignment, user } from "@corm/core";
import { replay, rotateSecret, verifyWebhook, webhookDelivery, webhookEndpoint } from "@corm/plugin-workflow";
import { afterEach, describe, expect, it } from "vitest";
import { databases, suiteName } from "../../core/test/support/databases.js";
import { type Script, spawnScript } from "../../core/test/support/spawn.js";
import { lead } from "./automated.js";
import { hurriedClock, YEAR } from "./campaign.js";
import { type SenderOptions, senderCrm } from "./sender.js";

/** At full size: `CORM_WEBHOOK_EVENTS=5000 CORM_WEBHOOK_KILLS=20`. */
const EVENTS = Number(process.env["CORM_WEBHOOK_EVENTS"] ?? 12);
const KILLS = Number(process.env["CORM_WEBHOOK_KILLS"] ?? 2);
const SEED = Number(process.env["CORM_SEED"] ?? 1);
/** A day of the app in so many milliseconds on the wall: an hour in 20 seconds. */
const DAY = 480_000;
/** Of one message at the receiver that fails at times: hours lie between later attempts, and are minutes here. */
const MOST_FAILURES = EVENTS > 100 ? Number.POSITIVE_INFINITY : 3;
/** Milliseconds for one of the things that are waited for. */
const PATIENCE = EVENTS > 100 ? 1_200_000 : 120_000;
const wanted = process.env["CORM_DATABASE"] ?? "PostgreSQL";

interface Heard {
  readonly id: string;
  readonly timestamp: string;
  readonly signature: string;
  readonly body: string;
}

/** A receiver by path, with its own way of failing. */
async function receivers(seed: number) {
  let state = seed;
  const dice = () => {
    state = (state * 1_664_525 + 1_013_904_223) % 4_294_967_296;
    return state / 4_294_967_296;
  };
  const heard = new Map<string, Heard[]>();
  const answers: Record<string, (response: ServerResponse, time: number) => void> = {
    good: (response) => void response.writeHead(204).end(),
    // 30 % errors, 10 % that do not answer for a second and then are gone, 5 % that hang up at once.
    flaky: (response, time) => {
      const chance = time > MOST_FAILURES ? 1 : dice();
      if (chance < 0.3) response.writeHead(500).end();
      else if (chance < 0.4) setTimeout(() => response.destroy(), 1000).unref();
      else if (chance < 0.45) response.destroy();
      else response.writeHead(204).end();
    },
    busy: (response, time) =>
      time === 1 ? response.writeHead(429, { "retry-after": "30" }).end() : response.writeHead(204).end(),
    gone: (response) => response.writeHead(410).end(),
    dead: (response) => response.writeHead(500).end(),
  };
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const name = (request.url ?? "/").slice(1);
      const of = (header: string) => String(request.headers[header]);
      const one = {
        ...{ id: of("webhook-id"), timestamp: of("webhook-timestamp"), signature: of("webhook-signature") },
        body: Buffer.concat(chunks).toString("utf8"),
      };
      const all = heard.get(name) ?? [];
      heard.set(name, [...all, one]);
      answers[name]?.(response, all.filter(({ id }) => id === one.id).length + 1);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    host,
    heard: (name: string) => heard.get(name) ?? [],
    answer: (name: string, like: string) => {
      answers[name] = answers[like] as (typeof answers)["good"];
    },
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

let worker: Script | undefined;
afterEach(async () => {
  await worker?.kill();
});

for (const database of databases.filter(({ name }) => name === wanted))
  describe.skipIf(!database.available)(suiteName(database), () => {
    it(
      `${EVENTS} events arrive at all who can hear while their sender is killed ${KILLS} times`,
      async () => {
        const { url, drop } = await database.create();
        const there = await receivers(SEED);
        const options: SenderOptions = { url, began: Date.now(), day: DAY, allow: [there.host] };
        const crm = await senderCrm(options);
        const me = crm.as({ actor: { kind: "user", id: "sender" }, tenant: "test", roles: ["admin"] });
        const owner = await me.repo(user).create({ name: "Owner" });
        await me.repo(roleAssignment).create({ userId: owner.id, role: "admin" });
        const names = ["good", "flaky", "busy", "gone", "dead"];
        const endpoints = new Map<string, { readonly id: string; readonly secret: string }>();
        for (const name of names) {
          const { id } = await me.repo(webhookEndpoint).create({
            ...{ name, url: `http://${there.host}/${name}`, principalId: owner.id },
            subscriptions: [{ entity: "lead", operations: ["create"] }],
          });
          endpoints.set(name, { id, secret: (await me.run(rotateSecret, { graceHours: 0 }, { id })).secret });
        }
        const hire = async () => {
          worker = spawnScript(new URL("./sender-worker.ts", import.meta.url), JSON.stringify(options));
          expect(await worker.line()).toBe("at work");
        };
        await hire();
        const ids: string[] = [];
        for (let kills = 0, at = 0; at < EVENTS; kills++) {
          const count = kills < KILLS ? Math.ceil(EVENTS / (KILLS + 1)) : EVENTS - at;
          const leads = Array.from({ length: Math.min(count, EVENTS - at) }, (_, n) => ({
            lastName: `${at + n}`,
          }));
          ids.push(...(await me.repo(lead).createMany(leads)).map(({ id }) => id));
          at += leads.length;
          if (kills >= KILLS) continue;
          // In the middle of sending: something has just arrived.
          const before = there.heard("good").length;
          await until("something arrived", () => there.heard("good").length > before);
          await worker?.kill();
          await hire();
        }
        const state = (name: string) => me.repo(webhookEndpoint).get(endpoints.get(name)?.id as string);
        const delivered = (name: string) =>
          me
            .repo(webhookDelivery)
            .count({ endpointId: endpoints.get(name)?.id as string, state: "delivered" });
        // Those that are well have everything while others still fail.
        await until("the one that is well had all", async () => (await delivered("good")) === EVENTS);
        await until("the busy one had all", async () => (await delivered("busy")) === EVENTS);
        await until("the one that fails at times had all", async () => (await delivered("flaky")) === EVENTS);
        expect((await state("gone")).active).toBe(false);
        await until("the dead one was turned off", async () => !(await state("dead")).active);
        expect((await state("dead")).disabledReason).toMatch(/Nothing has arrived since/);
        for (const name of ["good", "flaky", "busy"]) {
          expect((await state(name)).active).toBe(true);
          const messages = there.heard(name);
          const leadOf = ({ body }: Heard) => (JSON.parse(body) as { data: { id: string } }).data.id;
          expect(new Set(messages.map(leadOf))).toEqual(new Set(ids));
          // Each event under one id, whichever time it is.
          expect(new Set(messages.map((one) => `${leadOf(one)} ${one.id}`)).size).toBe(EVENTS);
          // At each time signed anew, and not twice but where it failed or its sender was killed.
          const now = hurriedClock(options).now() / 1000;
          const secret = endpoints.get(name)?.secret as string;
          for (const one of messages) {
            const { id, timestamp, signature, body } = one;
            expect(
              verifyWebhook([secret], { id, timestamp, signature }, body, Math.min(now, Number(timestamp))),
            ).toBe(true);
          }
        }
        expect(there.heard("busy").length).toBeGreaterThanOrEqual(2 * EVENTS);
        expect(there.heard("good").length).toBeLessThanOrEqual(EVENTS + 20 * KILLS);
        // What the one that was turned off has missed it gets from the journal, under the same ids.
        const { id: deadId } = endpoints.get("dead") as { id: string };
        const missed = new Set(there.heard("dead").map(({ id }) => id));
        there.answer("dead", "good");
        await me.repo(webhookEndpoint).update(deadId, { active: true });
        await me.run(replay, { since: new Date(YEAR).toISOString() }, { id: deadId });
        await until("what was missed had arrived", async () => (await delivered("dead")) === EVENTS);
        const again = new Set(there.heard("dead").map(({ id }) => id));
        expect([...missed].filter((id) => !again.has(id))).toEqual([]);
        expect(again.size).toBe(EVENTS);
        await worker?.kill();
        await crm.stop();
        await there.close();
        await drop();
      },
      EVENTS > 100 ? 3_600_000 : 240_000,
    );
  });

/** With the words of what did not come about. */
async function until(what: string, holds: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = performance.now() + PATIENCE;
  while (!(await holds())) {
    if (performance.now() > deadline) throw new Error(`It did not come about that ${what}.`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
