import { before, type Context, Forbidden, type HookDefinition, user, ValidationFailed } from "@corm/core";
import { type ForecastEntryInput, forecastEntry, forecastSnapshot, quota } from "../entities/forecast.js";
import { ForecastIsKept } from "../errors.js";

/** Managers adjust what they see: themselves, and those directly below them. One query a batch. */
async function checkEntries(
  batch: readonly { readonly input: ForecastEntryInput }[],
  ctx: Context,
): Promise<void> {
  const acting = ctx.userId ?? (ctx.actor.kind === "user" ? ctx.actor.id : undefined);
  const inputs = batch.map(({ input }) => input);
  for (const input of inputs) {
    if (input.managerId == null && acting !== undefined) input.managerId = acting;
    if (ctx.actor.kind !== "system" && input.managerId !== acting)
      throw Forbidden({ reason: "Everybody adjusts forecasts in his own name." });
  }
  const managers = new Map<string, string | null>();
  const ids = [...new Set(inputs.map(({ userId }) => userId))].filter((id) => typeof id === "string");
  const people = ctx
    .asSystem({ capability: "sales.forecast", reason: "managers of a forecast" })
    .repo(user)
    .stream({ where: { id: { in: ids } }, select: ["id", "managerId"], limit: 500 });
  for await (const { id, managerId } of people) managers.set(id, managerId);
  for (const { managerId, userId } of inputs)
    if (managerId !== userId && managers.get(userId) !== managerId)
      throw ValidationFailed({
        entity: forecastEntry.name,
        issues: [
          {
            pointer: "/userId",
            code: "not-directly-below",
            message: "is neither the manager himself nor directly below him",
          },
        ],
      });
}

const writesSnapshots = ({ actor }: Context): boolean =>
  actor.kind === "system" && (actor.capability === "sales.forecast" || actor.capability === "core.privacy");

export const keepForecasts: readonly HookDefinition[] = [
  before(forecastEntry, "create", { name: "sales.checkForecast" }, checkEntries),
  before(quota, "create", { name: "sales.checkQuota" }, (batch) => {
    for (const { input } of batch)
      if ([input.userId, input.teamId, input.territoryId].filter((id) => id != null).length !== 1)
        throw ValidationFailed({
          entity: quota.name,
          issues: [
            {
              pointer: "/userId",
              code: "one-holder",
              message: 'is given, or "teamId", or "territoryId", and one of them alone',
            },
          ],
        });
  }),
  ...(["create", "update", "delete", "purge"] as const).map((operation) =>
    before(
      forecastSnapshot,
      operation,
      { name: `sales.snapshots-${operation}`, stage: "early" },
      (_, ctx) => {
        if (!writesSnapshots(ctx) && !/^user\./.test(ctx.chain.at(-2) ?? ""))
          throw ForecastIsKept({ operation });
      },
    ),
  ),
];
