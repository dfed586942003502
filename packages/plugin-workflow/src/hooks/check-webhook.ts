import { after, before, type Context, Forbidden, type HookDefinition } from "@corm/core";
import { requireUser } from "../acting-user.js";
import { ACT_AS } from "../actions/automate.js";
import { newSecret } from "../actions/webhooks.js";
import { conditionProblem } from "../assignment/target.js";
import { type WebhookEndpointInput, webhookEndpoint } from "../entities/webhook-endpoint.js";
import { WebhookInvalid } from "../errors.js";
import { destinationProblem } from "../net/destinations.js";
import { settingsOf } from "../services/settings.js";
import { webhookBooks } from "../webhooks/books.js";
import { MAX_ENDPOINTS } from "../webhooks/notify-endpoints.js";

type Checked = Pick<WebhookEndpointInput, "url" | "subscriptions">;

async function checkEndpoint(ctx: Context, { url, subscriptions }: Checked): Promise<void> {
  const problem = destinationProblem(url, settingsOf(ctx).net);
  if (problem !== null) throw WebhookInvalid({ pointer: "/url", reason: problem });
  for (const [at, { entity, event, fields = [], where }] of subscriptions.entries()) {
    const wrong = (name: string, reason: string) =>
      WebhookInvalid({ pointer: `/subscriptions/${at}/${name}`, reason });
    if ((entity === undefined) === (event === undefined)) throw wrong("entity", `is said, or "event"`);
    if (event !== undefined) {
      if (!ctx.catalog.events.has(event)) throw wrong("event", `no plugin of this app emits "${event}"`);
      continue;
    }
    const known = ctx.catalog.entities.get(entity as string);
    if (!known) throw wrong("entity", `"${entity}" is no entity of this app`);
    const unknown = fields.find((field) => !known.fields.has(field));
    if (unknown !== undefined) throw wrong("fields", `${entity} has no field "${unknown}" that you may see`);
    const cause = await conditionProblem(ctx, entity as string, where);
    if (cause) throw wrong("where", cause.message);
  }
}

/** Nobody hears with the eyes of somebody else, unless he may act as anybody. */
function checkPrincipal(ctx: Context, principalId: string): void {
  if (ctx.actor.kind === "system" || ctx.permits(ACT_AS)) return;
  if (principalId !== requireUser(ctx, "An endpoint"))
    throw Forbidden({
      reason: `An endpoint with the eyes of somebody else takes the permission "${ACT_AS}".`,
    });
}

const ofPlugin = (ctx: Context) =>
  ctx.actor.kind === "system" && ctx.actor.capability === "workflow.webhooks";

export const checkWebhooks: readonly HookDefinition[] = [
  before(
    webhookEndpoint,
    "create",
    { name: "workflow.check-endpoint", stage: "late" },
    async (batch, ctx) => {
      const count = await webhookBooks(ctx).repo(webhookEndpoint).count();
      if (count + batch.length > MAX_ENDPOINTS)
        throw WebhookInvalid({ pointer: "", reason: `a tenant has at most ${MAX_ENDPOINTS} endpoints` });
      for (const { input } of batch) {
        input.principalId ??= requireUser(ctx, "An endpoint");
        checkPrincipal(ctx, input.principalId);
        delete input.failingSince;
        delete input.disabledReason;
        await checkEndpoint(ctx, input);
      }
    },
  ),
  before(
    webhookEndpoint,
    "update",
    { name: "workflow.check-changed-endpoint", stage: "late" },
    async (batch, ctx) => {
      if (ofPlugin(ctx)) return;
      for (const { before: old, patch } of batch) {
        delete patch.failingSince;
        delete patch.disabledReason;
        if (Object.keys(patch).length === 1 && patch.active === false) continue;
        checkPrincipal(ctx, old.principalId);
        checkPrincipal(ctx, patch.principalId ?? old.principalId);
        await checkEndpoint(ctx, { ...old, ...patch } as Checked);
        // Turned on again by somebody who has seen to it.
        if (patch.active === true && !old.active) {
          patch.failingSince = null;
          patch.disabledReason = null;
        }
      }
    },
  ),
  after(webhookEndpoint, "create", { name: "workflow.sign-endpoint" }, async (batch, ctx) => {
    await webhookBooks(ctx)
      .repo(webhookEndpoint)
      .updateMany(batch.map(({ row }) => ({ id: row.id, patch: { secret: newSecret() } })));
  }),
];
