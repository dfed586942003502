import type { EventHandle, EventSubject } from "../context/event.js";
import { EventBroken, EventMissing } from "../errors/journal-errors.js";
import type { EventDefinition } from "../events/define-event.js";
import { issuesOf } from "../model/validate.js";
import type { Session } from "../runtime/session.js";
import { type Checker, checker } from "../schema/checker.js";
import { appendEvent } from "./append.js";

const compiled = new WeakMap<EventDefinition, Checker>();

/** @throws event-missing where no plugin lists it; event-broken where the payload does not fit its schema */
export async function emitEvent(
  session: Session,
  handle: EventHandle,
  payload: unknown,
  subject: EventSubject | undefined,
): Promise<void> {
  const event = session.runtime.composition.events.get(handle.name)?.value;
  if (!event) throw EventMissing({ event: handle.name });
  const validator = compiled.get(event) ?? checker(event.schema);
  compiled.set(event, validator);
  if (!validator.Check(payload)) {
    const problems = issuesOf(validator.Errors(payload)[1]).map(
      (issue) => `${issue.pointer || "/"} ${issue.message}`,
    );
    throw EventBroken({ event: event.name, problems });
  }
  const text = JSON.stringify(payload) ?? "null";
  if (session.inTransaction) return appendEvent(session, event.name, text, subject);
  await session.transaction((tx) => appendEvent(tx, event.name, text, subject));
}
