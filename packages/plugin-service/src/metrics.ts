import { defineMetric, defineRatio, type MetricDefinition } from "@corm/core";
import { ticket } from "./entities/ticket.js";

const by = ["priority", "ownerId", "queueId", "accountId", "channel"] as const;

/** Number of tickets, by creation. */
export const ticketsOpened: MetricDefinition = defineMetric(ticket, {
  name: "service.ticketsOpened",
  label: "Tickets opened",
  description: "Tickets by the time they were created.",
  unit: "count",
  time: "createdAt",
  dimensions: [...by, "status"],
  measure: { count: true },
});

/** Tickets that are neither resolved nor closed, by creation. */
export const backlog: MetricDefinition = defineMetric(ticket, {
  name: "service.backlog",
  label: "Backlog",
  description: "Tickets that are open or pending now, by the time they were created.",
  unit: "count",
  time: "createdAt",
  dimensions: [...by, "status"],
  measure: { count: true, where: { status: { in: ["open", "pending"] } } },
});

/** Share of first responses that came in time, of those that came or should have come. */
export const firstResponseAttainment: MetricDefinition = defineRatio(ticket, {
  name: "service.firstResponseAttainment",
  label: "First response attainment",
  description:
    "Tickets whose first response came in time ÷ tickets whose first response came or is overdue, of those with a due time, by the time they were created.",
  time: "createdAt",
  dimensions: by,
  where: { firstResponseDueAt: { isNull: false } },
  numerator: { count: true, where: { firstResponseMet: true } },
  denominator: {
    count: true,
    where: {
      or: [
        { firstResponseMet: { isNull: false } },
        { firstResponseDueAt: { within: { last: 100, unit: "year" } } },
      ],
    },
  },
});

export const metrics: readonly MetricDefinition[] = [ticketsOpened, backlog, firstResponseAttainment];
