import type { Context } from "../../context/context.js";
import { UniqueViolation } from "../../errors/storage-errors.js";
import { type Sequence, sequence } from "../entities/sequence.js";

/**
 * The next number of a named sequence of the tenant, from 1. Given out inside the caller's transaction: a rollback
 * takes it back, so there are no gaps, and two transactions never get the same one (the second waits).
 */
export async function nextNumber(ctx: Context, key: string): Promise<number> {
  const [number] = await nextNumbers(ctx, key, 1);
  return number as number;
}

/** The next `count` numbers in a row, for a batch of records: as many queries as for one. */
export async function nextNumbers(ctx: Context, key: string, count: number): Promise<number[]> {
  if (count === 0) return [];
  return ctx.transaction(async (tx) => {
    const system = tx.asSystem({ capability: "crm.numbers", reason: `numbers of ${key}` });
    const sequences = system.repo(sequence);
    const { id } = (await findSequence(system, key)) ?? (await makeSequence(system, key));
    const { value } = await sequences.get(id, { lock: true });
    await sequences.update(id, { value: value + count });
    return Array.from({ length: count }, (_, i) => value + 1 + i);
  });
}

function findSequence(ctx: Context, key: string): Promise<Sequence | null> {
  return ctx.repo(sequence).first({ where: { key } });
}

async function makeSequence(ctx: Context, key: string): Promise<Sequence> {
  try {
    return await ctx.savepoint((inner) => inner.repo(sequence).create({ key, value: 0 }));
  } catch (error) {
    // Another transaction made it at the same moment: this one takes that one's.
    const made = UniqueViolation.is(error) ? await findSequence(ctx, key) : null;
    if (!made) throw error;
    return made;
  }
}
