import { before, type Context, type HookDefinition } from "@corm/core";
import { conditionProblem } from "../assignment/target.js";
import { type ApprovalProcessInput, approvalProcess } from "../entities/approval-process.js";
import { ApprovalProcessInvalid } from "../errors.js";
import { settingsOf } from "../services/settings.js";

const PATCHES = ["onSubmitted", "onApproved", "onRejected", "onRecalled"] as const;
type Checked = Pick<
  ApprovalProcessInput,
  "target" | "where" | "steps" | "editable" | (typeof PATCHES)[number]
>;

/** What a process says is found wrong when it is written, as whoever writes it may see the records. */
async function checkProcess(ctx: Context, process: Checked): Promise<void> {
  const { target, where, steps, editable = [] } = process;
  const wrong = (pointer: string, reason: string, cause?: unknown) =>
    ApprovalProcessInvalid({ pointer, reason }, cause === undefined ? {} : { cause });
  const entity = ctx.catalog.entities.get(target);
  if (!entity || !settingsOf(ctx).approvable.includes(target))
    throw wrong("/target", `"${target}" is not one of "approvable" in the options of the plugin`);
  const named = [
    ["/editable", editable] as const,
    ...PATCHES.map((name) => [`/${name}`, Object.keys(process[name] ?? {})] as const),
  ];
  for (const [pointer, names] of named) {
    const unknown = names.find((name) => !entity.fields.has(name));
    if (unknown !== undefined) throw wrong(pointer, `${target} has no field "${unknown}"`);
  }
  const conditions = [
    ["/where", where] as const,
    ...steps.map((step, at) => [`/steps/${at}/where`, step.where] as const),
  ];
  for (const [pointer, condition] of conditions) {
    const cause = await conditionProblem(ctx, target, condition);
    if (cause) throw wrong(pointer, cause.message, cause);
  }
  for (const [at, step] of steps.entries()) {
    if ((step.mode === "quorum") !== (step.quorum !== undefined))
      throw wrong(`/steps/${at}/quorum`, `is said for the mode "quorum", and for no other`);
    const escalates = step.timeoutMinutes !== undefined && (step.onTimeout ?? "escalate") === "escalate";
    if (escalates !== (step.escalateToId !== undefined))
      throw wrong(
        `/steps/${at}/escalateToId`,
        "is whom a step with a time escalates to, and is said for no other",
      );
    for (const one of step.approvers)
      if (one.kind === "field" && entity.fields.get(one.field)?.target !== "user")
        throw wrong(`/steps/${at}/approvers`, `${target} has no field "${one.field}" that refers to a user`);
  }
}

export const checkProcesses: readonly HookDefinition[] = [
  before(approvalProcess, "create", { name: "workflow.check-process", stage: "late" }, async (batch, ctx) => {
    for (const { input } of batch) await checkProcess(ctx, input);
  }),
  before(
    approvalProcess,
    "update",
    { name: "workflow.check-changed-process", stage: "late" },
    async (batch, ctx) => {
      for (const { before: old, patch } of batch) await checkProcess(ctx, { ...old, ...patch } as Checked);
    },
  ),
];
