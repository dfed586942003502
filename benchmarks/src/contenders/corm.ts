import type { BenchCrm } from "../app/crm.js";
import { actor, tenant } from "../app/identity.js";
import { type Contender, pageSize } from "./contender.js";

export interface CormContender extends Contender {
  readonly crm: BenchCrm;
}

/** Corm as an app uses it: a session for every operation, as every request makes one. */
export function cormContender(crm: BenchCrm): CormContender {
  const identity = { actor, tenant, roles: ["admin"] };
  const entities = () => crm.as(identity).entities;
  return {
    name: "corm",
    crm,
    create: (input) => entities().contact.create(input),
    get: (id) => entities().contact.get(id),
    list: (after) =>
      entities().contact.find({
        where: { status: "customer" },
        orderBy: ["lastName"],
        limit: pageSize,
        after: after as string | null,
      }),
    listIncluding: (after) =>
      entities().deal.find({
        where: { stage: "open" },
        orderBy: ["-closeDate"],
        include: ["account", "contact"],
        limit: pageSize,
        after: after as string | null,
      }),
    update: (id, phone) => entities().contact.update(id, { phone }),
    bulk: (inputs) => entities().contact.createMany(inputs),
    monthly: () =>
      entities().deal.aggregate({
        where: { stage: "won" },
        groupBy: [{ field: "closeDate", bucket: "month", as: "month" }],
        measures: { total: { sum: "amount" } },
      }),
    close: () => crm.stop(),
  };
}
