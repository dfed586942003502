import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { bullmqJobs } from "@corm/bullmq";
import {
  account,
  createCrm,
  crmCore,
  type JobEngineFactory,
  roleAssignment,
  type StorageAdapter,
  team,
  teamMember,
  user,
} from "@corm/core";
import { knexStorage, sqlite } from "@corm/core/knex";
import {
  approvalProcess,
  approve,
  assign,
  assignmentRule,
  automation,
  submit,
  workflow,
} from "@corm/plugin-workflow";
import { encryptionKeys } from "./app/identity.js";
import { postgresDriver } from "./contenders/postgres.js";
import { type Awaitable, type RawDriver, sqliteDriver } from "./contenders/raw-driver.js";
import type { Scenario } from "./scenarios.js";

/** Runs that one operation starts and finishes, and records that it gives out. */
const RUNS = 50;
/** Records that one operation submits, and has approved. */
const APPROVALS = 10;
const PEOPLE = 10;

interface Side {
  readonly runs: () => Awaitable<unknown>;
  readonly assignments: () => Awaitable<unknown>;
  readonly approvals: () => Awaitable<unknown>;
  readonly stop: () => Awaitable<unknown>;
}

async function corm(storage: StorageAdapter, engine?: JobEngineFactory): Promise<Side> {
  // Of its own for each time: a server keeps what was there before.
  const tenant = `bench-${crypto.randomUUID().slice(0, 8)}`;
  const plugins = [crmCore(), workflow({ approvable: ["account"], runsPerHour: 1_000_000_000 })] as const;
  const crm = await createCrm({
    ...{ storage, plugins, tenant, encryption: { keys: encryptionKeys } },
    ...(engine ? { jobs: { engine } } : {}),
  });
  const admin = crm.as({ actor: { kind: "user", id: "bench" }, tenant, roles: ["admin"] });
  const people = await admin
    .repo(user)
    .createMany(Array.from({ length: PEOPLE }, (_, n) => ({ name: `Person ${n}` })));
  await admin.repo(roleAssignment).createMany(people.map(({ id }) => ({ userId: id, role: "admin" })));
  const { id: teamId } = await admin.repo(team).create({ name: "Team" });
  await admin.repo(teamMember).createMany(people.map(({ id }) => ({ teamId, userId: id })));
  const [first, second] = people as unknown as [{ id: string }, { id: string }];
  const as = ({ id }: { readonly id: string }) =>
    crm.as({ actor: { kind: "user", id }, userId: id, tenant, roles: ["admin"] });
  await admin.repo(automation).create({
    ...{ key: "bench", name: "Bench", enabled: true, principalId: first.id },
    trigger: { on: "created", entity: "account" },
    where: { industry: "runs" },
    steps: [{ kind: "update", set: { website: "https://example.com/{{ record.name }}" } }],
  });
  await admin.repo(assignmentRule).create({ name: "All", target: "account", teamId });
  await admin.repo(approvalProcess).create({
    name: "All",
    target: "account",
    onApproved: { website: "https://example.com/approved" },
    steps: [{ name: "Desk", mode: "first", approvers: [{ kind: "user", id: second.id }] }],
  });
  const worker = crm.worker({ concurrency: 10 });
  const accounts = (count: number, industry: string) =>
    Array.from({ length: count }, (_, n) => ({ name: `Account ${n}`, industry }));
  return {
    async runs() {
      await admin.repo(account).createMany(accounts(RUNS, "runs"));
      const ends = await worker.run();
      if (ends.filter(({ outcome }) => outcome === "done").length < RUNS)
        throw new Error("runs were left behind");
    },
    async assignments() {
      const made = await admin.repo(account).createMany(accounts(RUNS, "given"));
      const { decisions } = await admin.run(assign, { target: "account", ids: made.map(({ id }) => id) });
      if (decisions.some(({ outcome }) => outcome !== "assigned"))
        throw new Error("records were left behind");
    },
    async approvals() {
      for (let n = 0; n < APPROVALS; n++) {
        const { id } = await admin.repo(account).create({ name: "Account", industry: "approved" });
        const open = await as(first).run(submit, { target: "account", id });
        const { state } = await as(second).run(approve, {}, { id: open.id });
        if (state !== "approved") throw new Error("an approval is open");
      }
    },
    stop: () => crm.stop(),
  };
}

const text = (names: string) =>
  names
    .split(" ")
    .map((name) => `${name} varchar(200)`)
    .join(", ");
const TABLES = [
  `create table b_record (b_id char(36) primary key, ${text("b_name b_site b_owner b_industry")}, b_version integer)`,
  `create table b_journal (b_id char(36) primary key, b_record char(36), b_changes text)`,
  `create table b_run (b_id char(36) primary key, b_record char(36), ${text("b_automation b_state b_cause")}, b_vars text)`,
  `create table b_step (b_id char(36) primary key, b_run char(36), ${text("b_kind b_state b_at")})`,
  `create table b_job (b_id char(36) primary key, b_run char(36), ${text("b_state b_due b_token")})`,
  `create table b_cursor (b_id varchar(40) primary key, ${text("b_position")})`,
  `create table b_person (b_id char(36) primary key, ${text("b_name b_active")})`,
  `create table b_decision (b_id char(36) primary key, b_record char(36), b_user char(36), b_considered text)`,
  `create table b_approval (b_id char(36) primary key, b_record char(36), ${text("b_state b_at")})`,
  `create table b_vote (b_id char(36) primary key, b_approval char(36), b_user char(36), ${text("b_decision b_at")})`,
  "create index b_job_due on b_job (b_state, b_due)",
  "create index b_record_owner on b_record (b_owner)",
];

/** The same by hand: the statements that such an application cannot do without, and as many transactions. */
async function byHand(driver: RawDriver): Promise<Side> {
  for (const sql of TABLES) await driver.run(sql)([]);
  const insert = (table: string, columns: string) => driver.insertMany(table, columns.split(" "));
  const records = insert("b_record", "b_id b_name b_industry");
  const journal = insert("b_journal", "b_id b_record b_changes");
  const runs = insert("b_run", "b_id b_record b_automation b_state b_vars");
  const steps = insert("b_step", "b_id b_run b_kind b_state b_at");
  const jobs = insert("b_job", "b_id b_run b_state b_due");
  const decisions = insert("b_decision", "b_id b_record b_user b_considered");
  const approvals = insert("b_approval", "b_id b_record b_state b_at");
  const votes = insert("b_vote", "b_id b_approval b_user b_decision b_at");
  const people = Array.from({ length: PEOPLE }, (_, n) => [crypto.randomUUID(), `Person ${n}`, "yes"]);
  await driver.transaction(() => insert("b_person", "b_id b_name b_active")(people));
  await driver.run("insert into b_cursor (b_id, b_position) values ('bench', '0')")([]);
  const moveOn = driver.run("update b_cursor set b_position = ? where b_id = 'bench'");
  const due = driver.all(
    "select b_id, b_run from b_job where b_state = 'ready' and b_due <= ? order by b_due limit 10",
  );
  const take = driver.run("update b_job set b_state = 'running', b_token = ? where b_id = ?");
  const runOf = driver.one("select b_id, b_record from b_run where b_id = ?");
  const personOf = driver.one("select b_id, b_active from b_person where b_id = ?");
  const recordOf = driver.one("select b_id, b_name from b_record where b_id = ?");
  const site = driver.run("update b_record set b_site = ? where b_id = ?");
  const end = driver.run("update b_run set b_state = 'done', b_vars = null where b_id = ?");
  const done = driver.run("update b_job set b_state = 'done' where b_id = ? and b_token = ?");
  const members = driver.all("select b_id from b_person where b_active = 'yes' order by b_id");
  const loads = driver.all(
    "select b_owner, count(*) as n from b_record where b_owner is not null group by b_owner",
  );
  const give = driver.run("update b_record set b_owner = ? where b_id = ?");
  const vote = driver.run("update b_vote set b_decision = 'approved', b_at = ? where b_id = ?");
  const close = driver.run("update b_approval set b_state = 'approved', b_at = ? where b_id = ?");
  const id = () => crypto.randomUUID();
  const now = () => new Date().toISOString();
  /** All of them in a row, on drivers that answer at once and on those that do not. */
  const chain = (...work: (() => Awaitable<unknown>)[]): Awaitable<unknown> => {
    const [first, ...rest] = work;
    const result = first?.();
    if (result instanceof Promise) return result.then(() => chain(...rest));
    return rest.length === 0 ? undefined : chain(...rest);
  };
  const within = (...work: (() => Awaitable<unknown>)[]) => driver.transaction(() => chain(...work));
  const make = async (count: number, industry: string) => {
    const ids = Array.from({ length: count }, id);
    await within(
      () => records(ids.map((one, n) => [one, `Account ${n}`, industry])),
      () => journal(ids.map((one) => [id(), one, "{}"])),
    );
    return ids;
  };
  const finish = async (job: string, run: string, token: string) => {
    const found = (await runOf([run])) as { b_record: string };
    await within(
      () => personOf([people[0]?.[0]]),
      () => recordOf([found.b_record]),
      () => site(["https://example.com/x", found.b_record]),
      () => journal([[id(), found.b_record, "{}"]]),
      () => steps([[id(), run, "update", "done", now()]]),
      () => end([run]),
      () => done([job, token]),
    );
  };
  return {
    async runs() {
      const ids = await make(RUNS, "runs");
      const made = ids.map((record) => [id(), record, "bench", "queued", "{}"]);
      await within(
        () => runs(made),
        () => jobs(made.map(([run]) => [id(), run, "ready", now()])),
        () => moveOn([now()]),
      );
      for (;;) {
        const token = id();
        const taken = (await due([now()])) as { b_id: string; b_run: string }[];
        if (taken.length === 0) return;
        await within(...taken.map((job) => () => take([token, job.b_id])));
        for (const job of taken) await finish(job.b_id, job.b_run, token);
      }
    },
    async assignments() {
      const ids = await make(RUNS, "given");
      const who = (await members([])) as { b_id: string }[];
      await within(
        () => loads([]),
        ...ids.map((one, n) => () => give([who[n % who.length]?.b_id, one])),
        () => journal(ids.map((one) => [id(), one, "{}"])),
        () => decisions(ids.map((one) => [id(), one, who[0]?.b_id, JSON.stringify(who)])),
      );
    },
    async approvals() {
      for (let n = 0; n < APPROVALS; n++) {
        const [record] = await make(1, "approved");
        const [open, own] = [id(), id()];
        await within(
          () => recordOf([record]),
          () => personOf([people[1]?.[0]]),
          () => approvals([[open, record, "pending", now()]]),
          () => votes([[own, open, people[1]?.[0], "pending", now()]]),
        );
        await within(
          () => vote([now(), own]),
          () => close([now(), open]),
          () => site(["https://example.com/approved", record]),
          () => journal([[id(), record, "{}"]]),
        );
      }
    },
    stop: () => driver.close(),
  };
}

/** Automations, assignment and approvals beside the statements that each takes by hand. */
export async function automationScenarios(
  postgres: string | undefined,
  redis: string | undefined,
): Promise<{ scenarios: Scenario[]; stop: () => Promise<void> }> {
  const folder = mkdtempSync(join(tmpdir(), "corm-bench-automations-"));
  const storage = sqlite(join(folder, "corm.db"), {
    driver: "@photostructure/sqlite",
    synchronous: "normal",
  });
  const all: [string, Side, Side][] = [
    ["SQLite", await byHand(sqliteDriver(join(folder, "raw.db"), "normal")), await corm(storage)],
  ];
  if (postgres) {
    const driver = await postgresDriver(postgres, (column) => column);
    for (const sql of TABLES) {
      const name = /^create table (\w+)/.exec(sql)?.[1];
      if (name) await driver.run(`drop table if exists ${name}`)([]);
    }
    const raw = await byHand(driver);
    all.push(["PostgreSQL", raw, await corm(knexStorage({ url: postgres }))]);
    if (redis) {
      const engine = bullmqJobs({
        redis: { url: redis, prefix: `bench-${crypto.randomUUID().slice(0, 8)}` },
      });
      all.push(["BullMQ and PostgreSQL", raw, await corm(knexStorage({ url: postgres }), engine)]);
    }
  }
  const kinds = [
    ["runs", "runs started and finished", RUNS],
    ["assignments", "records given out by rules", RUNS],
    ["approvals", "records submitted and approved", APPROVALS],
  ] as const;
  return {
    scenarios: all.flatMap(([engine, raw, ours]) =>
      kinds
        .filter(([kind]) => kind === "runs" || !engine.startsWith("BullMQ"))
        .map(
          ([kind, name, count]): Scenario => ({
            name: `${name}, ${engine}`,
            unit: { name: kind, count },
            grows: true,
            tasks: async () => [
              { name: "raw", run: async () => raw[kind]() },
              { name: "corm", run: async () => ours[kind]() },
            ],
          }),
        ),
    ),
    stop: async () => {
      for (const side of new Set(all.flatMap(([, raw, ours]) => [raw, ours]))) await side.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
