import { defineAction, Type } from "@corm/core";
import { delivery } from "../entities/delivery.js";
import { mailing } from "../entities/mailing.js";
import { MailingNotEditable } from "../errors.js";

/** `POST /api/mailings/{id}/cancel`: nothing that is still queued leaves any more. */
export const cancelMailing = defineAction({
  name: "cancel",
  on: mailing,
  label: "Cancel",
  description: "Stops the mailing. What has left has left.",
  input: Type.Object({}),
  output: Type.Object({ cancelled: Type.Integer() }),
  run: async ({ record }, ctx) => {
    if (record.status === "cancelled") return { cancelled: 0 };
    if (record.status === "sent") {
      throw MailingNotEditable({ id: record.id, status: record.status, what: "everything has left already" });
    }
    const system = ctx.asSystem({ capability: "marketing.deliver", reason: "cancel a mailing" });
    await system.repo(mailing).update(record.id, { status: "cancelled", finishedAt: ctx.now() });
    const cancelled = await system
      .repo(delivery)
      .updateWhere({ mailingId: record.id, state: "queued" }, { state: "suppressed", reason: "cancelled" });
    return { cancelled };
  },
});
