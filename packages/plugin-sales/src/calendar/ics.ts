/** An activity as calendars see it. */
export interface CalendarEntry {
  readonly id: string;
  readonly subject: string;
  readonly body: string | null;
  readonly location: string | null;
  /** RFC 3339. */
  readonly dueAt: string;
  readonly durationMinutes: number | null;
  readonly doneAt: string | null;
  readonly updatedAt: string;
  readonly sequence: number;
}

/** Somebody in a calendar. */
export interface CalendarPerson {
  readonly name: string | null;
  readonly address: string;
}

export interface InvitationMessage {
  readonly method: "REQUEST" | "CANCEL";
  readonly organizer: CalendarPerson;
  readonly guest: CalendarPerson;
}

const MINUTE_MS = 60_000;
const DEFAULT_MINUTES = 30;
const PRODUCT = { company: "Corm", product: "Sales", language: "EN" };

/** The same for every message about an activity, and for feeds: calendars know it again by that. */
export const uidOf = (activityId: string): string => `${activityId}@activity.corm`;

/** The activity that a UID names, or undefined. */
export const activityOfUid = (uid: string): string | undefined =>
  /^([0-9a-f-]{36})@activity\.corm$/.exec(uid)?.[1];

/** A calendar to subscribe to (RFC 5545). Says the same as long as its entries do. */
export async function feedText(name: string, entries: readonly CalendarEntry[]): Promise<string> {
  const { default: ical, ICalCalendarMethod } = await import("ical-generator");
  const calendar = ical({ name: plain(name), prodId: PRODUCT, method: ICalCalendarMethod.PUBLISH });
  for (const entry of entries) calendar.createEvent(eventOf(entry));
  return calendar.toString();
}

/** One invitation of one guest, or its cancellation (RFC 5546). */
export async function invitationText(
  entry: CalendarEntry,
  { method, organizer, guest }: InvitationMessage,
): Promise<string> {
  const ics = await import("ical-generator");
  const calendar = ics.default({ prodId: PRODUCT, method: ics.ICalCalendarMethod[method] });
  calendar.createEvent({
    ...eventOf(entry),
    status: method === "CANCEL" ? ics.ICalEventStatus.CANCELLED : ics.ICalEventStatus.CONFIRMED,
    organizer: { name: plain(organizer.name ?? organizer.address), email: organizer.address },
    attendees: [
      {
        name: plain(guest.name ?? guest.address),
        email: guest.address,
        rsvp: method === "REQUEST",
        role: ics.ICalAttendeeRole.REQ,
        status: ics.ICalAttendeeStatus.NEEDSACTION,
      },
    ],
  });
  return calendar.toString();
}

function eventOf(entry: CalendarEntry) {
  const { id, subject, body, location, dueAt, durationMinutes, updatedAt, sequence } = entry;
  const start = Date.parse(dueAt);
  return {
    id: uidOf(id),
    // Instants: what the clock on the wall says was settled when the occurrence was made.
    start: new Date(start),
    end: new Date(start + (durationMinutes ?? DEFAULT_MINUTES) * MINUTE_MS),
    stamp: new Date(updatedAt),
    sequence,
    summary: entry.doneAt === null ? subject : `✓ ${subject}`,
    ...(body ? { description: body } : {}),
    ...(location ? { location } : {}),
  };
}

/** A parameter has no quotes and no line breaks. */
const plain = (text: string): string =>
  text
    .replaceAll('"', "'")
    .replace(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, " ")
    .trim();

/** What a guest's calendar has answered. */
export interface CalendarReply {
  readonly activityId: string;
  readonly address: string;
  readonly status: "accepted" | "tentative" | "declined";
  readonly sequence: number;
  /** RFC 3339: when he answered. */
  readonly stamp: string;
}

const ANSWERS: Readonly<Record<string, CalendarReply["status"]>> = {
  ACCEPTED: "accepted",
  TENTATIVE: "tentative",
  DECLINED: "declined",
};

/** Reads the calendar part of an answer (METHOD:REPLY); null where it is none to an activity. */
export async function readReply(text: string): Promise<CalendarReply | null> {
  const { convertIcsCalendar } = await import("ts-ics");
  try {
    const { method, events } = convertIcsCalendar(undefined, text);
    const [event] = events ?? [];
    const [attendee, ...others] = event?.attendees ?? [];
    const activityId = event && activityOfUid(event.uid);
    const status = ANSWERS[attendee?.partstat ?? ""];
    if (method !== "REPLY" || !event || !attendee || others.length > 0 || !activityId || !status) return null;
    const stamp = event.stamp.date.toISOString();
    return { activityId, address: attendee.email, status, sequence: event.sequence ?? 0, stamp };
  } catch {
    // Whatever it is, it is no answer that could be read.
    return null;
  }
}
