import { type AnyEntity, before, type Context, Forbidden, type HookDefinition } from "@corm/core";

/** Records that only the plugin writes: an account that anybody could write would account for nothing. */
export const keepBooks = (entities: readonly AnyEntity[]): readonly HookDefinition[] =>
  entities.flatMap((entity) =>
    (["create", "update", "delete", "restore", "purge"] as const).map((operation) =>
      before(
        entity,
        operation,
        { name: `leads.keep-${entity.name}-${operation}`, stage: "early" },
        (_: readonly unknown[], ctx: Context) => {
          // What goes along with its lead is not written by anybody.
          const along = ctx.chain.length > 1 && operation !== "create" && operation !== "update";
          if (ctx.actor.kind === "system" || along) return;
          throw Forbidden({ reason: `${entity.name} records are written by the leads plugin alone.` });
        },
      ),
    ),
  );
