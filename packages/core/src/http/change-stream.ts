import type { ChangesPage } from "../context/journal.js";
import { Unauthenticated } from "../errors/core-errors.js";
import type { Session } from "../runtime/session.js";
import type { HttpCall } from "./route.js";

/** Milliseconds between looks for what other processes wrote; what this one writes wakes at once. */
const POLL = 1000;
/** Milliseconds after which a silent stream shows that it lives, and that its credential still holds. */
const HEARTBEAT = 15_000;
/** Entries of one write to the client: what is in memory for one of them. */
const PAGE = 100;

/**
 * Entries as server-sent events from a cursor on. One page is made when the client has taken the one before. Who asks
 * is looked up again for each page, so that rights that were withdrawn count at once.
 *
 * @param first page after the cursor, read with the rights of the request
 */
export function changeStream(
  call: HttpCall,
  first: ChangesPage,
  report: (error: unknown) => void,
): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder();
  const ending = new AbortController();
  const { tenant } = call.session;
  let pages = pagesAfter(call, first, AbortSignal.any([ending.signal, call.request.signal]), tenant);
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        try {
          const { value, done } = await pages.next();
          if (done) controller.close();
          else controller.enqueue(encoder.encode(value));
        } catch (error) {
          const gone = ending.signal.aborted || call.request.signal.aborted;
          // The client comes again with its cursor, and is told then what is the matter.
          if (!gone && !Unauthenticated.is(error)) report(error);
          if (!ending.signal.aborted) controller.close();
        }
      },
      async cancel() {
        ending.abort();
        pages = empty();
      },
    },
    { highWaterMark: 1 },
  );
}

async function* empty(): AsyncGenerator<string, void> {}

async function* pagesAfter(
  call: HttpCall,
  first: ChangesPage,
  signal: AbortSignal,
  tenant: string,
): AsyncGenerator<string, void> {
  let { next: after, more } = first;
  // Also the first bytes, by which the client knows that it is connected.
  yield `retry: 2000\n${textOf(first)}`;
  let session: Session = call.session;
  const { journalled, clock } = session.runtime;
  let told = clock.now();
  while (!signal.aborted) {
    const peeked = more ? undefined : await session.changes({ after, limit: 1 });
    const news = more || peeked?.next !== after;
    if (!news && clock.now() - told < HEARTBEAT) {
      await journalled.next(tenant, POLL, signal);
      continue;
    }
    session = await call.again();
    // The credential is another one's now: its cursors are not these.
    if (session.tenant !== tenant) return;
    const page = await session.changes({ after, limit: PAGE });
    ({ next: after, more } = page);
    told = clock.now();
    yield textOf(page);
  }
}

/** Hidden entries move the cursor on as well: an id alone is remembered by the client, and no event to it. */
function textOf({ items, next }: ChangesPage): string {
  const events = items.map((item) => `id: ${item.cursor}\nevent: change\ndata: ${JSON.stringify(item)}\n\n`);
  return `${events.join("")}: \nid: ${next}\n\n`;
}
