import { before, calendar, calendarDefinition, defineCalendar, each } from "@corm/core";
import { mailbox } from "../entities/mailbox.js";

const lower = (values: { address?: string }): void => {
  if (typeof values.address === "string") values.address = values.address.trim().toLowerCase();
};

/** Refuses calendars that no due time could be computed on, and brings addresses into one form. */
export const checkSettings = [
  before(
    calendar,
    "create",
    { name: "service.usableCalendar" },
    each(({ input }) => {
      if (typeof input.week === "object" && input.week !== null) defineCalendar(calendarDefinition(input));
    }),
  ),
  before(
    calendar,
    "update",
    { name: "service.keptUsable" },
    each(({ before: current, patch }) => {
      const { timeZone, week, holidays, exceptions } = { ...current, ...patch };
      defineCalendar(calendarDefinition({ timeZone, week, holidays, exceptions }));
    }),
  ),
  before(
    mailbox,
    "create",
    { name: "service.mailboxCreate", stage: "early" },
    each(({ input }) => lower(input)),
  ),
  before(
    mailbox,
    "update",
    { name: "service.mailboxUpdate", stage: "early" },
    each(({ patch }) => lower(patch)),
  ),
];
