import { issueApiKey } from "@corm/core";
import type { BenchCrm } from "./crm.js";
import type { Data } from "./data.js";
import { actor, apiKey, tenant } from "./identity.js";

export interface Seeded {
  readonly accounts: readonly string[];
  readonly contacts: readonly string[];
}

const batch = 1_000;

/** Fills the database through Corm, hooks and all. */
export async function seed(crm: BenchCrm, data: Data, rows: number): Promise<Seeded> {
  const session = crm.as({ actor, tenant, roles: ["admin"] });
  await issueApiKey(session, { name: "benchmark", roles: ["admin"], secret: apiKey });
  const me = session.entities;
  const many = async <T>(
    count: number,
    make: () => T,
    create: (inputs: T[]) => Promise<{ readonly id: string }[]>,
  ): Promise<string[]> => {
    const ids: string[] = [];
    for (let done = 0; done < count; done += batch) {
      const inputs = Array.from({ length: Math.min(batch, count - done) }, make);
      for (const { id } of await create(inputs)) ids.push(id);
    }
    return ids;
  };
  const accounts = await many(
    Math.ceil(rows / 5),
    () => data.account(),
    (inputs) => me.account.createMany(inputs),
  );
  const contacts = await many(
    rows,
    () => data.contact(accounts),
    (inputs) => me.contact.createMany(inputs),
  );
  await many(
    Math.ceil(rows / 2),
    () => data.deal(accounts, contacts),
    (inputs) => me.deal.createMany(inputs),
  );
  return { accounts, contacts };
}
