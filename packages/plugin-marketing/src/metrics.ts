import { defineMetric, defineRatio, type MetricDefinition } from "@corm/core";
import { delivery } from "./entities/delivery.js";

/** Messages that a mail server has taken. */
export const messagesSent: MetricDefinition = defineMetric(delivery, {
  name: "marketing.messagesSent",
  label: "Messages sent",
  description: "Messages that the mail server has taken, by the moment it did.",
  unit: "count",
  time: "sentAt",
  dimensions: ["mailingId"],
  measure: { count: true, where: { state: "sent" } },
});

/** Recipients who were left out, by all recipients. */
export const suppressionRate: MetricDefinition = defineRatio(delivery, {
  name: "marketing.suppressionRate",
  label: "Suppressed recipients",
  description: "Recipients who were left out (no consent, no address, …) divided by all recipients.",
  time: "createdAt",
  dimensions: ["mailingId", "reason"],
  numerator: { count: true, where: { state: "suppressed" } },
  denominator: { count: true },
});

export const metrics: readonly MetricDefinition[] = [messagesSent, suppressionRate];
