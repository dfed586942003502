import type { Context } from "@corm/core";
import { type Automation, automation, automationSwitch } from "../entities/automation.js";
import { automations, type CodeAutomation } from "./define-automation.js";
import type { AutomationDefinition, Principal } from "./definition.js";
import type { Trigger } from "./trigger.js";

/** An automation that runs in this tenant, in code or as data. */
export interface Active {
  readonly definition: AutomationDefinition;
  readonly principal: Principal;
  readonly maxAttempts: number;
  /** What happened before starts nothing; null for no limit. */
  readonly since: string | null;
}

/** Most automations of a tenant that are on. */
export const MAX_ACTIVE = 500;

export function definitionOf(record: Automation): AutomationDefinition {
  const { key, trigger, where, exit, steps } = record;
  return {
    key,
    trigger: trigger as Trigger,
    ...(where === null ? {} : { where }),
    ...(exit === null ? {} : { exit }),
    steps: steps as unknown as AutomationDefinition["steps"],
  };
}

const ofRecord = (record: Automation): Active => ({
  definition: definitionOf(record),
  principal: { userId: record.principalId },
  maxAttempts: record.maxAttempts,
  since: record.enabledAt,
});

const ofCode = (one: CodeAutomation, since: string | null): Active => {
  const { principal, maxAttempts, ...definition } = one;
  return { definition, principal, maxAttempts, since };
};

/** All automations of the tenant that are on: two reads. With the rights of the system. */
export async function activeAutomations(books: Context): Promise<Active[]> {
  const { items } = await books
    .repo(automation)
    .find({ where: { enabled: true }, orderBy: ["key"], limit: MAX_ACTIVE });
  const coded = books.contributions(automations);
  const switches =
    coded.length === 0
      ? new Map<string, Switch>()
      : await switchesOf(
          books,
          coded.map(({ key }) => key),
        );
  const on = coded.flatMap((one) => {
    const found = switches.get(one.key);
    return found?.enabled === false ? [] : [ofCode(one, found?.enabledAt ?? null)];
  });
  return [...on, ...items.map((record) => ofRecord(record as Automation))];
}

interface Switch {
  readonly enabled: boolean;
  readonly enabledAt: string | null;
}

async function switchesOf(books: Context, keys: readonly string[]): Promise<Map<string, Switch>> {
  const { items } = await books.repo(automationSwitch).find({ where: { key: { in: keys } }, limit: 500 });
  return new Map(items.map((one) => [one.key, one]));
}

/** One automation by its key, whether it is on or not; undefined where there is none. */
export async function automationByKey(
  books: Context,
  key: string,
): Promise<(Active & { readonly enabled: boolean }) | undefined> {
  const coded = books.contributions(automations).find((one) => one.key === key);
  if (coded) {
    const found = (await switchesOf(books, [key])).get(key);
    return { ...ofCode(coded, found?.enabledAt ?? null), enabled: found?.enabled !== false };
  }
  const record = await books.repo(automation).first({ where: { key } });
  return record ? { ...ofRecord(record as Automation), enabled: record.enabled } : undefined;
}
