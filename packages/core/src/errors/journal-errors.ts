import { defineError } from "./define-error.js";

export const EventMissing = defineError<{ event: string }>("event-missing", {
  status: 500,
  title: "No plugin declares this event",
  detail: ({ event }) =>
    `No plugin of this app lists the event "${event}". Add it to its plugin's \`events\`.`,
});

export const EventBroken = defineError<{ event: string; problems: readonly string[] }>("event-broken", {
  status: 500,
  title: "An event carries something else than it declares",
  detail: ({ event, problems }) => `Event "${event}" broke its own schema: ${problems.join("; ")}.`,
});
