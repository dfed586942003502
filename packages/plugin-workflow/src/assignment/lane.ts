import { type Context, UniqueViolation } from "@corm/core";
import { type AssignmentLane, assignmentLane } from "../entities/assignment-lane.js";

/**
 * The lane of an entity, locked until the transaction ends: who assigns records of the same entity waits. Inside of a
 * transaction.
 */
export async function lockLane(tx: Context, target: string): Promise<AssignmentLane> {
  const lanes = tx.repo(assignmentLane);
  const known = (await lanes.first({ where: { target } })) ?? (await makeLane(tx, target));
  return lanes.get(known.id, { lock: true });
}

async function makeLane(tx: Context, target: string): Promise<AssignmentLane> {
  try {
    return await tx.savepoint((inner) => inner.repo(assignmentLane).create({ target }));
  } catch (error) {
    // Another process made it at the same moment.
    const made = UniqueViolation.is(error)
      ? await tx.repo(assignmentLane).first({ where: { target } })
      : null;
    if (!made) throw error;
    return made;
  }
}
