import { defineMetric, defineRatio } from "@corm/core";
import { lead } from "./entities/lead.js";

export const metrics = [
  defineMetric(lead, {
    name: "leads.created",
    label: "Leads created",
    description: "Leads by the time they were created.",
    unit: "count",
    time: "createdAt",
    dimensions: ["sourceId", "ownerId", "status", "industry", "country"],
    measure: { count: true },
  }),
  defineRatio(lead, {
    name: "leads.conversionRate",
    label: "Lead conversion rate",
    description:
      "Of the leads created in a period, the share that has been converted since: converted ÷ created.",
    time: "createdAt",
    dimensions: ["sourceId", "ownerId", "industry", "country"],
    numerator: { count: true, where: { status: "converted" } },
    denominator: { count: true },
  }),
];
