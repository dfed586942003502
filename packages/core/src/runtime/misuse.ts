import { HookRecursion, TransactionMisuse } from "../errors/index.js";

const MAX_DEPTH = 8;

/** @throws hook-recursion where an operation would be inside of itself too often */
export function refuseRecursion(chain: readonly string[], operation: string): void {
  if (chain.filter((name) => name === operation).length < MAX_DEPTH) return;
  throw HookRecursion({ chain: [...chain, operation] });
}

/** A session that is none of the transaction in which it is used. */
export const usedInside = () =>
  TransactionMisuse({
    reason:
      "A session from outside was used inside a transaction. Use the session that transaction() hands to its function: `crm.transaction((tx) => tx.…)`.",
  });

export const usedAfter = () =>
  TransactionMisuse({
    reason:
      "A session was used after its transaction had ended. Await everything inside transaction(), and do later work in a `committed` hook.",
  });
