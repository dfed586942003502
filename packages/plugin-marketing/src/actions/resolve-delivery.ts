import { defineAction, Type } from "@corm/core";
import { delivery } from "../entities/delivery.js";
import { DeliveryReadOnly } from "../errors.js";

/** `POST /api/deliveries/{id}/resolve`: what somebody found out about an uncertain delivery. */
export const resolveDelivery = defineAction({
  name: "resolve",
  on: delivery,
  label: "Resolve",
  description: "Settles an uncertain delivery after a look at the mail server's log. It is not sent again.",
  input: Type.Object({ outcome: Type.Enum(["sent", "failed"]) }),
  output: Type.Object({ state: Type.String() }),
  run: async ({ input, record }, ctx) => {
    if (record.state === input.outcome) return { state: record.state };
    if (record.state !== "uncertain") throw DeliveryReadOnly({ operation: "resolve" });
    const state = input.outcome;
    await ctx
      .asSystem({ capability: "marketing.deliver", reason: "resolve a delivery" })
      .repo(delivery)
      .update(record.id, { state });
    return { state };
  },
});
