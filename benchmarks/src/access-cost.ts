import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  contact,
  createCrm,
  crmCore,
  defineRole,
  grant,
  recordShare,
  team,
  teamMember,
  user,
} from "@corm/core";
import { sqlite } from "@corm/core/knex";
import { Data } from "./app/data.js";
import { tenant } from "./app/identity.js";
import { sqliteDriver } from "./contenders/raw-driver.js";
import type { Task } from "./measure/interleave.js";
import type { Scenario } from "./scenarios.js";

const driver = "@photostructure/sqlite";
const batch = 1_000;
/** Records of one user. */
const perUser = 500;
const perTeam = 10;

const roles = [
  defineRole({ name: "rep", entities: grant(contact, { read: ["own", "shared"] }) }),
  defineRole({ name: "mate", entities: grant(contact, { read: "team" }) }),
];

/**
 * What access costs: pages, counts and sums of people who see all, of a few hundred, or of a team, beside statements
 * written by hand that answer the same. A tenth as many shares as records.
 */
export async function accessScenarios(
  rows: number,
): Promise<{ scenarios: Scenario[]; stop: () => Promise<void> }> {
  const folder = mkdtempSync(join(tmpdir(), "corm-access-"));
  const path = join(folder, "access.db");
  const crm = await createCrm({
    storage: sqlite(path, { driver, synchronous: "normal" }),
    plugins: [crmCore()],
    roles,
    tenant,
  });
  const system = crm.system({ tenant, reason: "fill the benchmark" });
  const data = new Data();
  const people = Math.max(perTeam, Math.ceil(rows / perUser));
  const users: string[] = [];
  for (let done = 0; done < people; done += batch) {
    const names = Array.from({ length: Math.min(batch, people - done) }, (_, i) => ({
      name: `u${done + i}`,
    }));
    for (const { id } of await system.repo(user).createMany(names)) users.push(id);
  }
  const teams = await system
    .repo(team)
    .createMany(Array.from({ length: Math.ceil(people / perTeam) }, (_, i) => ({ name: `t${i}` })));
  const members = users.map((userId, i) => ({
    userId,
    teamId: teams[Math.floor(i / perTeam)]?.id as string,
  }));
  for (let done = 0; done < members.length; done += batch)
    await system.repo(teamMember).createMany(members.slice(done, done + batch));
  const shared: { entity: string; recordId: string; userId: string }[] = [];
  for (let done = 0; done < rows; done += batch) {
    const inputs = Array.from({ length: Math.min(batch, rows - done) }, () => {
      const { status: _, accountId: __, ...person } = data.contact(users);
      return { ...person, ownerId: data.pick(users) };
    });
    const made = await system.repo(contact).createMany(inputs);
    made.forEach(({ id }, i) => {
      if (i % 10 === 0) shared.push({ entity: "contact", recordId: id, userId: data.pick(users) });
    });
  }
  for (let done = 0; done < shared.length; done += batch)
    await system.repo(recordShare).createMany(shared.slice(done, done + batch));

  const me = users[0] as string;
  const as = (role: string) =>
    crm.as({ actor: { kind: "user", id: me }, tenant, roles: [role] }).repo(contact);
  const raw = sqliteDriver(path, "normal");
  const live = "tenant_id = ? and live = 1";
  const mine = `id in (select id from contact where tenant_id = ? and owner_id = ?
    union all select record_id from record_share where ${live} and entity = 'contact' and user_id = ?)`;
  const mates = `owner_id in (select user_id from team_member where ${live} and team_id in
    (select team_id from team_member where ${live} and user_id = ?))`;
  const who = {
    admin: { where: "1 = 1", values: [] },
    rep: { where: mine, values: [tenant, me, tenant, me] },
    mate: { where: mates, values: [tenant, tenant, me] },
  } as const;
  const columns = "id, first_name, last_name, email, owner_id, created_at, updated_at, version";
  const scenarios: Scenario[] = [];
  for (const role of ["admin", "rep", "mate"] as const) {
    const { where, values } = who[role];
    const label = { admin: "all records", rep: "own and shared", mate: "of the team" }[role];
    const bound = [tenant, ...values];
    const add = (what: string, tasks: () => Task[]) =>
      scenarios.push({ name: `${what}, ${label}`, tasks: async () => tasks() });
    add("page of 50 by name", () => {
      const page = raw.all(
        `select ${columns} from contact where ${live} and ${where} order by last_name, first_name, id limit 51`,
      );
      const query = { orderBy: ["lastName", "firstName"], limit: 50 } as const;
      return [
        { name: "raw", run: () => page(bound) },
        { name: "corm", run: () => as(role).find(query) },
      ];
    });
    add("count", () => {
      const count = raw.one(`select count(*) from contact where ${live} and ${where}`);
      return [
        { name: "raw", run: () => count(bound) },
        { name: "corm", run: () => as(role).count() },
      ];
    });
    add("count by title", () => {
      const grouped = raw.all(
        `select title, count(*) from contact where ${live} and ${where} group by title`,
      );
      const query = { groupBy: ["title"], measures: { n: { count: true } } } as const;
      return [
        { name: "raw", run: () => grouped(bound) },
        { name: "corm", run: () => as(role).aggregate(query) },
      ];
    });
  }
  return {
    scenarios,
    stop: async () => {
      await raw.close();
      await crm.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
