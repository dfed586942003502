import { type AnyEntity, after, type Context, type HookDefinition } from "@corm/core";
import { assignRecords, MAX_RECORDS } from "../assignment/assign-records.js";

/** Gives records to people in the transaction that makes them. Those that come with an owner keep him. */
export function assignCreated(targets: readonly string[]): HookDefinition[] {
  return targets.map((target) =>
    after(
      { name: target } as AnyEntity,
      "create",
      { name: `workflow.assign-${target}`, stage: "late" },
      async (batch: readonly { readonly row: unknown }[], ctx: Context) => {
        const ids = batch.map(({ row }) => (row as { readonly id: string }).id);
        for (let start = 0; start < ids.length; start += MAX_RECORDS)
          await assignRecords(ctx, { target, ids: ids.slice(start, start + MAX_RECORDS), cause: "created" });
      },
    ),
  );
}
