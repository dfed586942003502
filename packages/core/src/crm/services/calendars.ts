import { type BusinessCalendar, defineCalendar } from "../../util/business-calendar.js";
import type { CalendarDefinition } from "../../util/calendar-definition.js";
import type { Calendar, CalendarInput } from "../entities/calendar.js";

/** Compiled calendars by record and version: making one takes longer than asking it. */
export interface Calendars {
  /** @throws invalid-calendar */
  of(record: Calendar): BusinessCalendar;
}

const MAX_KEPT = 200;

export function createCalendars(): Calendars {
  const kept = new Map<string, BusinessCalendar>();
  return {
    of(record) {
      const key = `${record.tenantId}/${record.id}/${record.version}`;
      let calendar = kept.get(key);
      if (!calendar) {
        calendar = defineCalendar(calendarDefinition(record));
        const oldest = kept.size >= MAX_KEPT ? kept.keys().next().value : undefined;
        if (oldest !== undefined) kept.delete(oldest);
        kept.set(key, calendar);
      }
      return calendar;
    },
  };
}

/** A calendar record as core's calendars take it. */
export function calendarDefinition(
  record: Pick<CalendarInput, "timeZone" | "week" | "holidays" | "exceptions">,
): CalendarDefinition {
  const { timeZone, week, holidays, exceptions } = record;
  return {
    timeZone,
    week: week as CalendarDefinition["week"],
    ...(holidays ? { holidays } : {}),
    ...(exceptions ? { exceptions } : {}),
  };
}
