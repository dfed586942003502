import { isDeepStrictEqual } from "node:util";
import { createHttp } from "@corm/core/http";
import type { Hono } from "hono";
import type { Data } from "./app/data.js";
import { headers } from "./app/identity.js";
import type { Seeded } from "./app/seed.js";
import type { Contender } from "./contenders/contender.js";
import type { CormContender } from "./contenders/corm.js";
import { handWritten } from "./contenders/hand-written.js";
import type { Scenario } from "./scenarios.js";

type Contenders = readonly [raw: Contender, knex: Contender, corm: CormContender];
type Ask = (path: string, init?: RequestInit) => Promise<unknown>;

export const firstPage = "/api/contacts?filter[status]=customer&sort=lastName&limit=50";

/** Requests through the whole app, without a socket: Corm's API beside handlers on Hono that are written by hand. */
export async function httpScenarios(contenders: Contenders, seeded: Seeded, data: Data): Promise<Scenario[]> {
  const [raw, knex, corm] = contenders;
  const apps = [
    { name: "raw", app: handWritten(raw) },
    { name: "knex", app: handWritten(knex) },
    { name: "corm", app: createHttp(corm.crm) },
  ].map(({ name, app }) => ({ name, ask: asker(app) }));
  const ids = Array.from({ length: 4_096 }, () => data.pick(seeded.contacts));
  const inputs = Array.from({ length: 4_096 }, () => JSON.stringify(data.contact(seeded.accounts)));
  await checkAgreement(apps, ids[0] as string);

  const scenario = (name: string, run: (ask: Ask) => (index: number) => unknown): Scenario => ({
    name,
    tasks: async () => apps.map((app) => ({ name: app.name, run: run(app.ask) })),
  });
  return [
    scenario("GET one", (ask) => (index) => ask(`/api/contacts/${ids[index % ids.length]}`)),
    {
      name: "GET list of 50",
      tasks: () =>
        Promise.all(
          apps.map(async ({ name, ask }) => {
            const pages = await pathsOf(ask);
            return { name, run: (index) => ask(pages[index % pages.length] as string) };
          }),
        ),
    },
    {
      ...scenario("POST", (ask) => (index) => {
        const body = inputs[index % inputs.length] as string;
        return ask("/api/contacts", { method: "POST", body });
      }),
      grows: true,
    },
  ];
}

function asker(app: Hono): Ask {
  return async (path, init) => {
    const response = await app.request(path, { ...init, headers });
    const body = await response.json();
    if (!response.ok) throw new Error(`${path}: ${JSON.stringify(body)}`);
    return body;
  };
}

interface Page {
  readonly data: readonly unknown[];
  readonly page: { readonly next: string | null };
}

async function pathsOf(ask: Ask): Promise<string[]> {
  const paths = [firstPage];
  while (paths.length < 20) {
    const { page } = (await ask(paths[paths.length - 1] as string)) as Page;
    if (page.next === null) break;
    paths.push(`${firstPage}&after=${encodeURIComponent(page.next)}`);
  }
  return paths;
}

async function checkAgreement(apps: readonly { readonly ask: Ask }[], id: string): Promise<void> {
  const answers = await Promise.all(
    apps.map(async ({ ask }) => {
      const { updatedAt, version, phone, ...one } = (await ask(`/api/contacts/${id}`)) as Record<
        string,
        unknown
      >;
      return { one, listed: ((await ask(firstPage)) as Page).data.length };
    }),
  );
  for (const answer of answers) {
    if (!isDeepStrictEqual(answer, answers[0]))
      throw new Error(`Two apps answer differently: ${JSON.stringify([answer, answers[0]])}`);
  }
}
