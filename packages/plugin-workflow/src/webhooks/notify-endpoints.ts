import {
  type Context,
  isCormError,
  type JournalEntry,
  type SubscribedEntry,
  visibleEntries,
} from "@corm/core";
import { ACT_AS } from "../actions/automate.js";
import { targetOf } from "../assignment/target.js";
import { principalSession } from "../automations/principal.js";
import { type WebhookEndpoint, webhookEndpoint } from "../entities/webhook-endpoint.js";
import { type Message, queueDeliveries } from "./queue-deliveries.js";

/** Endpoints of a tenant that are on. */
export const MAX_ENDPOINTS = 200;
type Subscription = WebhookEndpoint["subscriptions"][number];

const PAST: Readonly<Record<string, string>> = {
  create: "created",
  update: "updated",
  delete: "deleted",
  restore: "restored",
  purge: "purged",
};

/** Queues what entries of the journal mean to endpoints, in the transaction that moves the reader on. */
export async function notifyEndpoints(books: Context, entries: readonly SubscribedEntry[]): Promise<void> {
  const { items } = await books
    .repo(webhookEndpoint)
    .find({ where: { active: true }, orderBy: ["id"], limit: MAX_ENDPOINTS });
  for (const endpoint of items as WebhookEndpoint[]) {
    // What happened before it was made is nothing that it has asked for.
    const wanted = entries.filter(
      (entry) => entry.at >= endpoint.createdAt && endpoint.subscriptions.some((one) => isAbout(one, entry)),
    );
    if (wanted.length === 0) continue;
    try {
      await books.savepoint(async (tx) => {
        await queueDeliveries(tx, endpoint, await messagesFor(tx, endpoint, wanted));
      });
    } catch (error) {
      if (!isCormError(error) || error.status >= 500) throw error;
      // Its principal may not act any more, or a condition asks about what is not there any more.
      await turnOff(books, endpoint, error.message);
    }
  }
}

export async function turnOff(
  books: Context,
  { id }: Pick<WebhookEndpoint, "id">,
  reason: string,
): Promise<void> {
  await books.repo(webhookEndpoint).update(id, { active: false, disabledReason: reason.slice(0, 300) });
}

/** Before anybody asks who may see it. */
function isAbout({ entity, operations, event }: Subscription, entry: JournalEntry): boolean {
  if (entry.erased) return false;
  if (entry.operation === "event") return event !== undefined && event === entry.event;
  return (
    entity === entry.entity &&
    Object.hasOwn(PAST, entry.operation) &&
    (operations === undefined || operations.some((one) => one === entry.operation))
  );
}

/** What the endpoint's principal may see of entries, as messages. */
export async function messagesFor(
  books: Context,
  endpoint: WebhookEndpoint,
  entries: readonly JournalEntry[],
): Promise<Message[]> {
  const session = await principalSession(books, `webhook ${endpoint.name}`, { userId: endpoint.principalId });
  const visible = new Map((await visibleEntries(session, entries)).map((entry) => [entry.id, entry]));
  // An event about no record is nothing that anybody may see because of a record: it names whom it likes, and is for those
  // who may look with anybody's eyes.
  const all = session.permits(ACT_AS);
  const seen = entries.flatMap(
    (entry) => visible.get(entry.id) ?? (entry.entity === null && all ? entry : []),
  );
  const chosen = new Set<string>();
  for (const one of endpoint.subscriptions) {
    const own = seen.filter((entry) => isAbout(one, entry) && touches(one, entry));
    const satisfied = await satisfying(session, one, own);
    for (const entry of own)
      if (satisfied === null || satisfied.has(entry.record ?? "")) chosen.add(entry.id);
  }
  return seen.filter(({ id }) => chosen.has(id)).map(messageOf);
}

const touches = ({ fields }: Subscription, { operation, changes }: JournalEntry): boolean =>
  fields === undefined ||
  operation !== "update" ||
  fields.some((field) => Object.hasOwn(changes ?? {}, field));

async function satisfying(
  session: Context,
  { entity, where }: Subscription,
  entries: readonly JournalEntry[],
): Promise<Set<string> | null> {
  if (where === undefined || entity === undefined || entries.length === 0) return null;
  const ids = [...new Set(entries.flatMap(({ record }) => record ?? []))];
  const { items } = await targetOf(session, entity).find({
    where: { and: [{ id: { in: ids } }, where] } as never,
    select: ["id"],
    limit: Math.max(1, ids.length),
    withDeleted: true,
  });
  return new Set(items.map(({ id }) => id));
}

function messageOf(entry: JournalEntry): Message {
  const { id, at, operation, entity, record, version, changes, event, payload } = entry;
  const common = { id: `msg_${id}`, at, entity, recordId: record };
  if (operation === "event")
    return { ...common, type: event as string, data: { entity, id: record, payload } };
  const before: Record<string, unknown> = {};
  const after: Record<string, unknown> = {};
  for (const [field, [old, fresh]] of Object.entries(changes ?? {})) {
    if (operation !== "create") before[field] = old;
    if (operation !== "purge") after[field] = fresh;
  }
  return {
    ...common,
    type: `${entity}.${PAST[operation]}`,
    data: { entity, id: record, version, changed: Object.keys(changes ?? {}), before, after },
  };
}
