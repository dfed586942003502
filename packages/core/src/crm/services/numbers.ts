import type { Context } from "../../context/context.js";
import { TransactionConflict, UniqueViolation } from "../../errors/storage-errors.js";
import { sequence } from "../entities/sequence.js";

/**
 * The next number of a named sequence of the tenant, from 1. Given out inside the caller's transaction: a rollback
 * takes it back, so there are no gaps, and two transactions never get the same one (the second waits).
 */
export async function nextNumber(ctx: Context, key: string): Promise<number> {
  return ctx.transaction(async (tx) => {
    const sequences = tx.asSystem(`number of ${key}`).repo(sequence);
    const found = await sequences.first({ where: { key } });
    if (!found) {
      try {
        await tx.savepoint((sp) => sp.asSystem(`number of ${key}`).repo(sequence).create({ key, value: 1 }));
        return 1;
      } catch (error) {
        // Another transaction made the sequence at the same moment: this one begins again and finds it.
        if (UniqueViolation.is(error))
          throw TransactionConflict({ reason: `sequence "${key}" was made twice` }, { cause: error });
        throw error;
      }
    }
    const { value } = await sequences.get(found.id, { lock: true });
    await sequences.update(found.id, { value: value + 1 });
    return value + 1;
  });
}
