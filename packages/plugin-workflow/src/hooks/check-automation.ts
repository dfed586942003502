import { before, type Context, Forbidden, type HookDefinition } from "@corm/core";
import { requireUser } from "../acting-user.js";
import { ACT_AS } from "../actions/automate.js";
import { definitionOf, MAX_ACTIVE } from "../automations/active.js";
import { checkDefinition } from "../automations/check-definition.js";
import { automations } from "../automations/define-automation.js";
import { type Automation, automation, automationSwitch } from "../entities/automation.js";
import { AutomationInvalid } from "../errors.js";
import { runBooks } from "../runs/books.js";

/** What decides what it does: who changes one of these answers for what is done in the principal's name. */
const DECIDING = ["trigger", "where", "exit", "steps", "principalId", "enabled", "maxAttempts"] as const;

/** Nobody writes what is done in the name of somebody else, unless he may act as anybody. @throws forbidden */
function checkPrincipal(ctx: Context, principalId: string): void {
  if (ctx.actor.kind === "system" || ctx.permits(ACT_AS)) return;
  if (principalId !== requireUser(ctx, "An automation"))
    throw Forbidden({
      reason: `An automation in the name of somebody else takes the permission "${ACT_AS}", which none of your roles has.`,
    });
}

async function checkRoom(ctx: Context, more: number): Promise<void> {
  if (more === 0) return;
  const count = await runBooks(ctx).repo(automation).count({ enabled: true });
  if (count + more > MAX_ACTIVE)
    throw AutomationInvalid({
      pointer: "/enabled",
      reason: `a tenant has at most ${MAX_ACTIVE} automations that are on`,
    });
}

function checkKey(ctx: Context, key: string): void {
  if (ctx.contributions(automations).some((one) => one.key === key))
    throw AutomationInvalid({ pointer: "/key", reason: `"${key}" is an automation of a plugin` });
}

/**
 * What an automation says is found wrong when it is written, as whoever writes it may see: by a condition nobody asks about
 * fields that he may not see.
 */
export const checkAutomations: readonly HookDefinition[] = [
  before(automation, "create", { name: "workflow.check-automation", stage: "late" }, async (batch, ctx) => {
    await checkRoom(ctx, batch.filter(({ input }) => input.enabled === true).length);
    for (const { input } of batch) {
      checkKey(ctx, input.key);
      input.principalId ??= requireUser(ctx, "An automation");
      checkPrincipal(ctx, input.principalId);
      input.enabledAt = input.enabled === true ? ctx.now() : null;
      await checkDefinition(
        ctx,
        definitionOf({ where: null, exit: null, ...input } as unknown as Automation),
      );
    }
  }),
  before(
    automation,
    "update",
    { name: "workflow.check-changed-automation", stage: "late" },
    async (batch, ctx) => {
      await checkRoom(
        ctx,
        batch.filter(({ before: old, patch }) => patch.enabled === true && !old.enabled).length,
      );
      for (const { before: old, patch } of batch) {
        delete patch.enabledAt;
        if (!DECIDING.some((name) => patch[name] !== undefined)) continue;
        const next = { ...old, ...patch } as Automation;
        const isStopped = Object.keys(patch).length === 1 && patch.enabled === false;
        // Anybody who may change it may stop it, also when it acts for somebody else.
        if (!isStopped) {
          checkPrincipal(ctx, old.principalId);
          checkPrincipal(ctx, next.principalId);
          await checkDefinition(ctx, definitionOf(next));
        }
        if (patch.enabled === true && !old.enabled) patch.enabledAt = ctx.now();
      }
    },
  ),
  before(automationSwitch, "create", { name: "workflow.check-switch", stage: "late" }, (batch, ctx) => {
    for (const { input } of batch) {
      checkSwitch(ctx, input.key);
      input.enabledAt = input.enabled ? ctx.now() : null;
    }
  }),
  before(
    automationSwitch,
    "update",
    { name: "workflow.check-changed-switch", stage: "late" },
    (batch, ctx) => {
      for (const { before: old, patch } of batch) {
        delete patch.enabledAt;
        if (patch.enabled === true && !old.enabled) patch.enabledAt = ctx.now();
      }
    },
  ),
];

function checkSwitch(ctx: Context, key: string): void {
  if (!ctx.contributions(automations).some((one) => one.key === key))
    throw AutomationInvalid({ pointer: "/key", reason: `no plugin of this app has an automation "${key}"` });
}
