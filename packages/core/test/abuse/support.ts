import {
  type AppSession,
  crmCore,
  defineRestriction,
  defineRole,
  everything,
  grant,
  recordShare,
  team,
  teamMember,
  user,
} from "@corm/core";
import { createHttp } from "@corm/core/http";
import { folder, paper, vault } from "../access/support/vault.js";
import type { TestApp } from "../support/apps.js";

export const plugins = [crmCore(), vault()] as const;
type Plugins = typeof plugins;

const rep = defineRole({
  name: "rep",
  entities: {
    ...grant(user, { read: "all" }),
    ...grant(team, { read: "all" }),
    ...grant(folder, {
      read: ["own", "shared"],
      create: "own",
      update: ["own", "shared"],
      delete: "own",
      export: true,
      bulk: true,
      fields: { rank: "read" },
    }),
    ...grant(paper, {
      read: ["own", "parent"],
      create: "own",
      update: "own",
      delete: "own",
      fields: { pages: "masked" },
    }),
  },
});
const manager = defineRole({
  name: "manager",
  entities: {
    ...grant(user, { read: "all" }),
    ...grant(folder, {
      read: "subtree",
      create: "subtree",
      update: "subtree",
      transfer: "subtree",
      share: "subtree",
    }),
    ...grant(recordShare, { read: "all", create: "all", delete: "all" }),
  },
});
const reader = defineRole({ name: "reader", entities: grant(folder, { read: "all" }) });
const masked = defineRole({
  name: "masked",
  entities: grant(folder, { ...everything, sensitive: "masked", fields: {} }),
});
const vipDesk = defineRole({ name: "vipDesk", entities: {} });
export const roles = [rep, manager, reader, masked, vipDesk];
export const restrictions = [
  defineRestriction(folder, { name: "vip", where: { vip: { ne: true } }, except: ["vipDesk"] }),
];

export interface Answer {
  readonly status: number;
  readonly body: Record<string, unknown>;
  readonly text: string;
}

export interface Scene {
  readonly tenant: string;
  readonly system: AppSession<Plugins>;
  readonly people: { readonly u1: string; readonly u2: string; readonly m1: string };
  /** u1's folder with a pin, and u2's. */
  readonly own: { readonly id: string; readonly version: number };
  readonly foreign: { readonly id: string; readonly version: number };
  as(who: "u1" | "u2" | "m1", ...roles: string[]): AppSession<Plugins>;
  call(method: string, path: string, options?: CallOptions): Promise<Answer>;
  /** Runs something that must be refused, and sees that nothing was written by it. */
  untouched<T>(work: () => Promise<T>): Promise<T>;
}

export interface CallOptions {
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  readonly who?: "u1" | "u2" | "m1";
  readonly roles?: readonly string[];
}

let scenes = 0;

/** A tenant of its own with two reps of two teams, the manager of one, and a folder of each rep. */
export async function makeScene(app: TestApp<Plugins>): Promise<Scene> {
  scenes += 1;
  const tenant = `abuse-${scenes}`;
  const system = app.crm.system({ tenant, reason: "set the scene" }) as AppSession<Plugins>;
  const m1 = (await system.repo(user).create({ name: "M1" })).id;
  const [first, second] = await system.repo(user).createMany([{ name: "U1", managerId: m1 }, { name: "U2" }]);
  const people = { m1, u1: first?.id as string, u2: second?.id as string };
  const [a, b] = await system.repo(team).createMany([{ name: "A" }, { name: "B" }]);
  await system.repo(teamMember).createMany([
    { teamId: a?.id as string, userId: people.u1 },
    { teamId: b?.id as string, userId: people.u2 },
  ]);
  const [own, foreign] = await system.repo(folder).createMany([
    { name: "own", ownerId: people.u1, pin: "pin-canary", rank: 1, hash: "hash-canary" },
    { name: "foreign", ownerId: people.u2, pin: "pin-canary", rank: 2, hash: "hash-canary" },
  ]);
  const identity = (who: keyof typeof people, given: readonly string[]) => ({
    actor: { kind: "user" as const, id: people[who] },
    tenant,
    roles: given,
  });
  const http = createHttp(app.crm, {
    authenticate: (request) => {
      const [who, ...given] = (request.headers.get("x-test-caller") ?? "").split(" ");
      return who ? identity(who as "u1", given) : undefined;
    },
  });
  const everythingWritten = async () =>
    JSON.stringify(
      await Promise.all(
        [folder, paper, recordShare, user, teamMember].map(async (entity) => {
          const rows: { id: string; version: number }[] = [];
          for await (const row of system
            .repo(entity as typeof folder)
            .stream({ withDeleted: true, orderBy: ["id"] }))
            rows.push(row);
          return rows;
        }),
      ),
    );
  return {
    tenant,
    system,
    people,
    own: own as Scene["own"],
    foreign: foreign as Scene["own"],
    as: (who, ...given) => app.crm.as(identity(who, given)) as AppSession<Plugins>,
    async call(method, path, { body, headers, who = "u1", roles: given = ["rep"] } = {}) {
      const response = await http.request(path, {
        method,
        headers: {
          "x-test-caller": [who, ...given].join(" "),
          ...(body === undefined ? {} : { "content-type": "application/json" }),
          ...headers,
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
      const text = await response.text();
      const json = response.headers.get("content-type")?.match(/^application\/(problem\+)?json/);
      return { status: response.status, body: json && text ? JSON.parse(text) : {}, text };
    },
    async untouched(work) {
      const before = await everythingWritten();
      const result = await work();
      if ((await everythingWritten()) !== before) throw new Error("a refused call has written something");
      return result;
    },
  };
}

/** What differs between two answers of one kind for good reasons: ids of requests, and what was asked for. */
export const sameBytes = (text: string, ...asked: readonly string[]): string =>
  asked.reduce(
    (rest, word) => rest.replaceAll(word, "*"),
    text.replace(/"instance":"[^"]*"/, '"instance":"*"'),
  );
