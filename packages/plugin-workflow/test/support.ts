import { crmCore, type StorageAdapter, type Team, team, teamMember, type User, user } from "@corm/core";
import { createTestCrm, type TestCrm } from "@corm/core/testing";
import { lead, leads } from "@corm/plugin-leads";
import { type WorkflowOptions, workflow } from "@corm/plugin-workflow";

export { lead };

type Plugins = readonly [ReturnType<typeof crmCore>, ReturnType<typeof leads>, ReturnType<typeof workflow>];
export type WorkflowCrm = TestCrm<Plugins>;
export type Me = WorkflowCrm["me"];

/** A CRM with leads; its clock stands at Monday 2026-01-05T09:00:00Z. */
export function workflowCrm(
  options?: WorkflowOptions,
  rest: { readonly storage?: StorageAdapter; readonly seed?: number } = {},
): Promise<WorkflowCrm> {
  return createTestCrm<Plugins>({ ...rest, plugins: [crmCore(), leads(), workflow(options)] });
}

/** A team of so many people, in the order of their ids. */
export async function staff(me: Me, count: number, name = "Sales"): Promise<{ team: Team; people: User[] }> {
  const made = await me.repo(team).create({ name });
  const people: User[] = [];
  for (let n = 0; n < count; n++) people.push(await me.repo(user).create({ name: `${name} ${n}` }));
  await me.repo(teamMember).createMany(people.map(({ id }) => ({ teamId: made.id, userId: id })));
  people.sort((a, b) => (a.id < b.id ? -1 : 1));
  return { team: made, people };
}

export async function makeLeads(me: Me, count: number, rest: object = {}): Promise<string[]> {
  const made = await me
    .repo(lead)
    .createMany(Array.from({ length: count }, (_, n) => ({ lastName: `Lead ${n}`, ...rest })));
  return made.map(({ id }) => id);
}

export async function ownersOf(me: Me, ids: readonly string[]): Promise<Map<string, string | null>> {
  const { items } = await me.repo(lead).find({ where: { id: { in: ids } }, limit: 500 });
  return new Map(items.map(({ id, ownerId }) => [id, ownerId]));
}

export function countsOf(
  owners: ReadonlyMap<string, string | null>,
  people: readonly { readonly id: string }[],
): number[] {
  return people.map(({ id }) => [...owners.values()].filter((owner) => owner === id).length);
}
