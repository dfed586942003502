import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createCrm, crmCore } from "@corm/core";
import { sqlite } from "@corm/core/knex";
import { leads } from "@corm/plugin-leads";
import { actor, tenant } from "./app/identity.js";
import { sqliteDriver } from "./contenders/raw-driver.js";

const BATCH = 500;
/** One in ten has come before. */
const KNOWN = 10;

interface Person {
  readonly lastName: string;
  readonly email: string;
  readonly company: string;
  readonly phone: string;
}

const personOf = (n: number): Person => {
  const who = n % KNOWN === KNOWN - 1 ? Math.floor(n / 2) - (Math.floor(n / 2) % KNOWN) : n;
  return {
    lastName: `Person ${who}`,
    email: `person${who}@example.com`,
    company: `Company ${who % 1000}`,
    phone: `+4930${String(1_000_000 + who)}`,
  };
};

const LEAD = "id, tenant, last_name, email, company, phone, status, created_at".split(", ");
const TOUCH = "id, tenant, lead_id, channel, captured_at".split(", ");

/** The same by hand: who is known is looked up by one query, the others are inserted, and everybody gets a touchpoint. */
function byHand(path: string): { take: (people: readonly Person[]) => void; stop: () => void } {
  const raw = sqliteDriver(path, "normal");
  for (const sql of [
    "create table raw_lead (id char(36) primary key, tenant varchar(64) not null, last_name text, email text, company text, phone text, status text, created_at text)",
    "create unique index raw_lead_email on raw_lead (tenant, email)",
    "create table raw_touch (id char(36) primary key, tenant varchar(64) not null, lead_id char(36) not null, channel text, captured_at text)",
    "create index raw_touch_lead on raw_touch (tenant, lead_id)",
  ])
    void raw.run(sql)([]);
  const find = raw.all(`select id, email from raw_lead where tenant = ? and ${raw.anyOf("email")}`);
  const insertLeads = raw.insertMany("raw_lead", LEAD);
  const insertTouches = raw.insertMany("raw_touch", TOUCH);
  return {
    take: (people) =>
      void raw.transaction(() => {
        const now = new Date().toISOString();
        const emails = people.map(({ email }) => email.toLowerCase());
        const rows = find([tenant, raw.list(emails)]) as unknown as { id: string; email: string }[];
        const known = new Map(rows.map(({ id, email }) => [email, id]));
        const fresh: unknown[][] = [];
        for (const { email, lastName, company, phone } of people) {
          if (known.has(email)) continue;
          const id = crypto.randomUUID();
          known.set(email, id);
          fresh.push([id, tenant, lastName, email, company, phone, "new", now]);
        }
        void insertLeads(fresh);
        void insertTouches(
          emails.map((email) => [crypto.randomUUID(), tenant, known.get(email), "list", now]),
        );
      }),
    stop: () => void raw.close(),
  };
}

/** Leads taken in from a list, with comparison, touchpoints, journal and hooks, a batch of Corm and one by hand in turn. */
export async function measureLeads(count: number): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), "corm-bench-leads-"));
  const crm = await createCrm({
    storage: sqlite(join(folder, "corm.db")),
    plugins: [crmCore(), leads()],
    tenant,
  });
  const session = crm.as({ actor, tenant, roles: ["admin"] });
  const hand = byHand(join(folder, "raw.db"));
  const cpu = { corm: 0, hand: 0 };
  const memory: number[] = [];
  let [created, known] = [0, 0];
  try {
    for (let start = 0; start < count; start += BATCH) {
      const people = Array.from({ length: Math.min(BATCH, count - start) }, (_, i) => personOf(start + i));
      const handBegan = process.cpuUsage();
      hand.take(people);
      cpu.hand += spent(handBegan);
      const began = process.cpuUsage();
      const result = await session.entities.lead.captureMany({
        people: people.map((one) => ({ ...one })),
        channel: "list",
      });
      cpu.corm += spent(began);
      created += result.created;
      known += result.known;
      if (result.rejected.length > 0) throw new Error(`rejected: ${result.rejected[0]?.message}`);
      memory.push(process.memoryUsage().rss / 2 ** 20);
    }
    if (created + known !== count) throw new Error(`${created} and ${known} of ${count}`);
    const perSecond = (seconds: number) => Math.round(count / seconds).toLocaleString("en");
    const tenth = Math.ceil(memory.length / 10);
    const peak = (part: readonly number[]) => Math.round(Math.max(...part));
    return [
      `${count.toLocaleString("en")} leads from a list in batches of ${BATCH}, ${known.toLocaleString("en")} of them known (SQLite in a file)`,
      `by hand ${perSecond(cpu.hand)} a second of CPU, Corm ${perSecond(cpu.corm)}: ${(cpu.hand / cpu.corm).toFixed(3)} of it`,
      `memory: ${peak(memory.slice(0, tenth))} MB in the first tenth, ${peak(memory.slice(-tenth))} MB in the last, ${peak(memory)} MB at the most`,
    ].join("\n");
  } finally {
    await crm.stop();
    hand.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Seconds of CPU since then. */
function spent(since: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(since);
  return (user + system) / 1e6;
}
