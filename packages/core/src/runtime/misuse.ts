import { TransactionMisuse } from "../errors/index.js";

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
