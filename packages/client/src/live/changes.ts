import type { Change, JournalEntry } from "@corm/core";
import { CormClientError, clientErrors } from "../errors.js";
import type { CallOptions } from "../options.js";
import type { Sender } from "../send/sender.js";
import { createEventReader, type ServerEvent } from "./parse-events.js";

export interface ChangesOptions extends CallOptions {
  /** A `cursor`. Left out, what happens from now on; `null` for everything since the journal began. */
  readonly after?: string | null;
  /** `poll` asks every `pollMs` instead of keeping a connection open. Default `stream`, where the server has it. */
  readonly transport?: "stream" | "poll";
  /** Default 5 s. */
  readonly pollMs?: number;
  /** A connection that has been silent for so long is taken for dead. Default 60 s. */
  readonly idleMs?: number;
}

interface Page {
  readonly data: readonly (JournalEntry & { readonly cursor?: string })[];
  readonly page: { readonly next: string; readonly more?: boolean };
}

type Feed = AsyncGenerator<Change, void, undefined>;

/**
 * Changes as they are committed, for as long as somebody asks for the next one. Goes on after broken connections where it
 * was; fails with what will not pass by itself, such as a credential that holds no more.
 */
export async function* changes(sender: Sender, options: ChangesOptions): Feed {
  const { signal, idleMs = 60_000, pollMs = 5000 } = options;
  let cursor = options.after === undefined ? await currentCursor(sender, options) : (options.after ?? "");
  let polling = options.transport === "poll";
  for (let failures = 0; ; ) {
    try {
      // A stream begins at a cursor, or now: what lies before is read page by page.
      for (let more = polling || cursor === ""; more; ) {
        const page = await readPage(sender, cursor, 500, options);
        for (const change of changesOf(page, cursor)) {
          cursor = change.cursor;
          yield change;
        }
        cursor = page.page.next;
        failures = 0;
        more = page.page.more === true || polling;
        if (polling && page.page.more !== true) await sender.surroundings.sleep(pollMs, signal);
      }
      const response = await connect(sender, cursor, options);
      if (response === undefined) {
        polling = true;
        continue;
      }
      const reader = createEventReader(cursor);
      try {
        for await (const event of eventsOf(response, reader, idleMs)) {
          cursor = event.id;
          failures = 0;
          if (event.type !== "error") yield { ...(parse(event) as JournalEntry), cursor };
        }
      } finally {
        cursor = reader.lastId;
      }
      // A server that lets go, to be connected to again.
      await sender.surroundings.sleep(reader.retryMs ?? sender.pause(++failures), signal);
    } catch (error) {
      if (signal?.aborted) throw signal.reason;
      if (!mayPass(error)) throw error;
      await sender.surroundings.sleep(sender.pause(++failures), signal);
    }
  }
}

function changesOf({ data, page }: Page, before: string): Change[] {
  return data.map((entry, index) => ({
    ...entry,
    cursor: entry.cursor ?? (index === data.length - 1 ? page.next : before),
  }));
}

async function currentCursor(sender: Sender, options: ChangesOptions): Promise<string> {
  return (await readPage(sender, "now", 1, options)).page.next;
}

async function readPage(sender: Sender, after: string, limit: number, options: CallOptions): Promise<Page> {
  const path = `/api/changes?${after === "" ? "" : `after=${encodeURIComponent(after)}&`}limit=${limit}`;
  return (await sender.send({ method: "GET", path, repeat: "safe" }, options)).body as Page;
}

/** Undefined where the server has no stream, or something in between does not let it through. */
async function connect(
  sender: Sender,
  cursor: string,
  options: ChangesOptions,
): Promise<Response | undefined> {
  const headers: Record<string, string> = { accept: "text/event-stream" };
  if (cursor !== "") headers["last-event-id"] = cursor;
  try {
    const outgoing = { method: "GET", path: "/api/changes/stream", repeat: "safe", headers } as const;
    const response = await sender.open(outgoing, options);
    if (response.headers.get("content-type")?.startsWith("text/event-stream")) return response;
    await response.body?.cancel();
    return undefined;
  } catch (error) {
    const missing = error instanceof CormClientError && [404, 405, 406, 501].includes(error.status);
    if (missing) return undefined;
    throw error;
  }
}

async function* eventsOf(
  response: Response,
  events: ReturnType<typeof createEventReader>,
  idleMs: number,
): AsyncGenerator<ServerEvent> {
  const body = (response.body as ReadableStream<Uint8Array>).getReader();
  const decoder = new TextDecoder();
  try {
    for (;;) {
      const { done, value } = await within(body.read(), idleMs);
      if (done) return;
      yield* events.take(decoder.decode(value, { stream: true }));
    }
  } finally {
    // Closes the connection, also when the caller has had enough.
    await body.cancel().catch(() => undefined);
  }
}

async function within<T>(work: Promise<T>, idleMs: number): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const silence = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(clientErrors.timeout(idleMs, false)), idleMs);
  });
  try {
    return await Promise.race([work, silence]);
  } finally {
    clearTimeout(timer);
  }
}

function parse(event: ServerEvent): unknown {
  try {
    return JSON.parse(event.data);
  } catch {
    throw clientErrors.unexpectedAnswer(200, "The stream of changes sends something that is not JSON.");
  }
}

/** A connection that broke, or a server that will be back. */
function mayPass(error: unknown): boolean {
  if (!(error instanceof CormClientError)) return error instanceof TypeError;
  const { status, code } = error;
  if (code === "unexpected-answer") return status >= 500;
  return code === "network-error" || code === "timeout" || status === 429 || status >= 500;
}
