import { before, type Context, each, type HookDefinition } from "@corm/core";
import { delivery } from "../entities/delivery.js";
import { type Mailing, mailing } from "../entities/mailing.js";
import { DeliveryReadOnly, MailingNotEditable } from "../errors.js";

/** Only this plugin moves a mailing on and writes deliveries; it does so in the name of the system. */
const bySystem = (ctx: Context): boolean => ctx.actor.kind === "system";

const bookkeeping = ["status", "content", "queuedAt", "finishedAt"] as const;

const newMailing = before(
  mailing,
  "create",
  { name: "marketing.mailing-new" },
  each(({ input }) => {
    for (const name of bookkeeping) if (name !== "status") delete input[name];
    input.status = "draft";
  }),
);

const frozen = before(
  mailing,
  "update",
  { name: "marketing.mailing-frozen" },
  each(({ before: old, patch }, ctx) => {
    if (bySystem(ctx)) return;
    const refuse = (what: string) => MailingNotEditable({ id: old.id, status: old.status, what });
    for (const name of bookkeeping) {
      if (patch[name] !== undefined && !same(patch[name], old[name])) {
        throw refuse(`"${name}" changes by send and cancel only`);
      }
    }
    if (
      old.status !== "draft" &&
      Object.keys(patch).some((name) => name !== "name" && name !== "campaignId")
    ) {
      throw refuse("only its name and campaign can be changed now");
    }
  }),
);

const underWay: readonly Mailing["status"][] = ["queued", "sending"];

const notUnderWay = before(
  mailing,
  "delete",
  { name: "marketing.mailing-under-way" },
  each(({ before: old }) => {
    if (underWay.includes(old.status)) {
      throw MailingNotEditable({ id: old.id, status: old.status, what: "cancel it before you delete it" });
    }
  }),
);

const readOnly = (["create", "update", "delete", "restore", "purge"] as const).map((operation) =>
  before(delivery, operation, { name: `marketing.delivery-${operation}` }, (_, ctx) => {
    if (!bySystem(ctx)) throw DeliveryReadOnly({ operation });
  }),
);

const same = (left: unknown, right: unknown): boolean => JSON.stringify(left) === JSON.stringify(right);

export const guardMailings: readonly HookDefinition[] = [newMailing, frozen, notUnderWay, ...readOnly];
