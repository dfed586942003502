import { type Context, openKept, sealKept } from "@corm/core";
import type { FieldChanges } from "../entities/lead-conversion.js";
import { entityOf, type TargetName } from "./mapping.js";

/** Changes as the books of a conversion keep them: those of encrypted fields sealed. */
export const sealChanges = (ctx: Context, target: TargetName, id: string | null, changes: FieldChanges) =>
  through(sealKept, ctx, target, id, changes);

/** The changes in clear text. @throws encryption-key-missing, decryption-failed */
export const openChanges = (ctx: Context, target: TargetName, id: string | null, changes: FieldChanges) =>
  through(openKept, ctx, target, id, changes);

async function through(
  way: typeof sealKept,
  ctx: Context,
  target: TargetName,
  recordId: string | null,
  changes: FieldChanges,
): Promise<FieldChanges> {
  const entity = entityOf(ctx, target);
  if (entity === null || recordId === null) return changes;
  const kept: FieldChanges = {};
  for (const [field, { before, after }] of Object.entries(changes)) {
    const values = await way(ctx, { entity, recordId, field }, before, after);
    kept[field] = { before: values[0], after: values[1] };
  }
  return kept;
}
