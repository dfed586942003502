import { crmCore, roleAssignment, type StorageAdapter, type User, user } from "@corm/core";
import { createTestCrm, type TestCrm } from "@corm/core/testing";
import { lead, leads } from "@corm/plugin-leads";
import {
  type Automation,
  type AutomationInput,
  automation,
  type WorkflowOptions,
  type WorkflowRun,
  workflow,
  workflowRun,
} from "@corm/plugin-workflow";

export { lead };

type Plugins = readonly [ReturnType<typeof crmCore>, ReturnType<typeof leads>, ReturnType<typeof workflow>];
export type AutomatedCrm = TestCrm<Plugins>;
export type Me = AutomatedCrm["me"];

export interface Automated extends AutomatedCrm {
  /** A user with the role admin, in whose name automations act. */
  readonly owner: User;
  automate(input: Partial<AutomationInput> & Pick<AutomationInput, "trigger" | "steps">): Promise<Automation>;
}

/** A CRM with leads and somebody in whose name automations act. */
export async function automated(
  options?: WorkflowOptions,
  rest: { readonly storage?: StorageAdapter; readonly seed?: number } = {},
): Promise<Automated> {
  const kit = await createTestCrm<Plugins>({ ...rest, plugins: [crmCore(), leads(), workflow(options)] });
  const { me } = kit;
  const owner = await me.repo(user).create({ name: "Owner" });
  await me.repo(roleAssignment).create({ userId: owner.id, role: "admin" });
  let count = 0;
  return {
    ...kit,
    owner,
    automate: (input) => {
      count += 1;
      return me.repo(automation).create({
        key: `automation-${count}`,
        name: `Automation ${count}`,
        enabled: true,
        principalId: owner.id,
        ...input,
      }) as Promise<Automation>;
    },
  };
}

/** All runs, in the order in which they were made. */
export async function runsOf(me: Me): Promise<WorkflowRun[]> {
  const { items } = await me.repo(workflowRun).find({ orderBy: ["queuedAt", "id"], limit: 500 });
  return items as WorkflowRun[];
}
