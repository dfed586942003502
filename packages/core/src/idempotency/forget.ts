import { IDEMPOTENCY_TABLE } from "../migrations/idempotency-table.js";
import { TENANT_COLUMN } from "../model/system-fields.js";
import type { Session } from "../runtime/session.js";
import { and } from "../storage/filter.js";

/** Stands where an answer was: no sealed answer is this short. */
export const FORGOTTEN = "-";

/**
 * Forgets every kept answer of the tenant: they are sealed, so nobody can tell whose data is in which. The requests stay
 * done: their keys answer `answer-not-kept`, and nothing is made twice.
 */
export async function forgetAnswers(session: Session): Promise<void> {
  const { name } = IDEMPOTENCY_TABLE;
  const own = { op: "eq", column: TENANT_COLUMN, value: session.tenant } as const;
  const kept = { op: "null", column: "answer", is: false } as const;
  await session.operations().updateWhere(name, and(own, kept), { answer: FORGOTTEN });
}
