import { before, type Context, type HookDefinition } from "@corm/core";
import { contract } from "../entities/contract.js";
import { order, orderLine } from "../entities/order.js";
import { DocumentIsWritten } from "../errors.js";
import { isOwnWrite } from "../quotes/books.js";
import { refuseWritten } from "../services/protected-fields.js";

const refuse =
  (entity: string, operation: string, instead: string) =>
  (_: readonly unknown[], ctx: Context): void => {
    const follows = (ctx.chain.at(-2) ?? "").startsWith("order.");
    if (!isOwnWrite(ctx) && !follows) throw DocumentIsWritten({ entity, operation, instead });
  };

const ORDER = 'Order a quote with "order", or cancel one with its status.';
const CLOSED: ReadonlySet<string> = new Set(["ended", "cancelled"]);
const CONTRACT = 'Make one with "make-contract", sign it with "sign", or end it with its status.';

/** Orders and contracts come from quotes and sales, and stay. */
export const keepOrders: readonly HookDefinition[] = [
  before(order, "create", { name: "sales.ordersCreate", stage: "early" }, refuse("order", "created", ORDER)),
  // What was cancelled may be ordered anew by now.
  before(order, "update", { name: "sales.ordersUpdate", stage: "early" }, (batch, ctx) => {
    if (isOwnWrite(ctx)) return;
    for (const { before: old, patch } of batch)
      if (old.status === "cancelled" && patch.status !== undefined && patch.status !== "cancelled")
        throw DocumentIsWritten({ entity: "order", operation: "taken up again", instead: ORDER });
  }),
  before(order, "delete", { name: "sales.ordersDelete", stage: "early" }, refuse("order", "deleted", ORDER)),
  before(order, "purge", { name: "sales.ordersPurge", stage: "early" }, refuse("order", "purged", ORDER)),
  ...(["create", "update", "delete", "restore", "purge"] as const).map((operation) =>
    before(
      orderLine,
      operation,
      { name: `sales.orderLines-${operation}`, stage: "early" },
      refuse("order line", `${operation}d`, ORDER),
    ),
  ),
  before(
    contract,
    "create",
    { name: "sales.contractsCreate", stage: "early" },
    refuse("contract", "created", CONTRACT),
  ),
  before(
    contract,
    "delete",
    { name: "sales.contractsDelete", stage: "early" },
    refuse("contract", "deleted", CONTRACT),
  ),
  before(
    contract,
    "purge",
    { name: "sales.contractsPurge", stage: "early" },
    refuse("contract", "purged", CONTRACT),
  ),
  before(contract, "update", { name: "sales.contractsUpdate", stage: "early" }, (batch, ctx) => {
    if (isOwnWrite(ctx)) return;
    refuseWritten(
      contract.name,
      batch.map(({ patch }) => patch),
      ["signatories", "reminderOn", "remindedAt"],
    );
    // Signatures make it active, and nothing else does.
    for (const { before: old, patch } of batch)
      if (patch.status !== undefined && patch.status !== old.status && !CLOSED.has(patch.status))
        throw DocumentIsWritten({
          entity: "contract",
          operation: `made "${patch.status}"`,
          instead: CONTRACT,
        });
  }),
];
