import { createHash } from "node:crypto";
import {
  type Context,
  checker,
  defineRoute,
  NotFound,
  Unauthenticated,
  UniqueViolation,
  ValidationFailed,
} from "@corm/core";
import { activeAutomations } from "../automations/active.js";
import { payloadHolds } from "../automations/trigger.js";
import { connectionBooks } from "../connectors/books.js";
import type { ConnectorDefinition, Understood } from "../connectors/define-connector.js";
import { connectorOf } from "../connectors/find-connector.js";
import { type Connection, connection, incomingMessage } from "../entities/connection.js";
import { runBooks } from "../runs/books.js";
import { startRuns } from "../runs/start-runs.js";

const TOKEN = /^([\w.-]{1,64})\.[\w-]{43}$/;
const MAX_BODY = 256 * 1024;

/** What another system sends. `POST /public/hooks/{token}` Unsigned: 401; the same message again: 200, and nothing happens. */
export const incomingHook = defineRoute({
  method: "POST",
  path: "/public/hooks/:token",
  permission: "public",
  summary: "Takes in what another system sends to a connection",
  maxBody: MAX_BODY,
  handle: async ({ params, headers, raw }, access) => {
    const token = params["token"] ?? "";
    const tenant = TOKEN.exec(token)?.[1];
    if (tenant === undefined) throw NotFound({ entity: "hook", id: token.slice(0, 64) });
    const ctx = access.forTenant(tenant);
    const books = connectionBooks(ctx);
    const found = await books.repo(connection).first({ where: { token, active: true } });
    const definition = found && connectorOf(books, found.connector);
    if (!found || !definition?.understand || found.credentials === null)
      throw NotFound({ entity: "hook", id: token.slice(0, 64) });
    const body = await raw.text();
    const understand = definition.understand as unknown as (incoming: object) => Understood;
    const understood = understoodOf(() =>
      understand({
        credentials: JSON.parse(found.credentials as string) as unknown,
        headers: Object.fromEntries(headers),
        body,
        now: ctx.clock.now(),
      }),
    );
    if (understood.kind === "unsigned")
      throw Unauthenticated({
        reason: "The message is not signed by the secret of this connection, or is too old.",
      });
    if (understood.kind === "answer")
      return new Response(understood.body, {
        headers: { "content-type": understood.contentType ?? "text/plain" },
      });
    if (understood.id === "")
      throw ValidationFailed({
        entity: "body",
        issues: [{ pointer: "", code: "invalid", message: "has no id, by which it would count once" }],
      });
    checkPayload(definition, understood);
    const runs = await takeIn(books, found as Connection, understood);
    return Response.json(
      { duplicate: runs === null, runs: runs ?? 0 },
      { status: runs === null ? 200 : 202 },
    );
  },
});

/** A body that is signed and still no JSON is the other side's mistake. */
function understoodOf(understand: () => Understood): Understood {
  try {
    return understand();
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw ValidationFailed({
      entity: "body",
      issues: [{ pointer: "", code: "invalid", message: "is no JSON" }],
    });
  }
}

/** Deeper than this nothing is that anybody means, and what is kept as JSON must be written again. */
const MAX_DEPTH = 32;

function isDeep(value: unknown): boolean {
  let level: unknown[] = [value];
  for (let depth = 0; level.length > 0; depth++) {
    if (depth > MAX_DEPTH) return true;
    level = level.flatMap((one) => (typeof one === "object" && one !== null ? Object.values(one) : []));
  }
  return false;
}

function checkPayload(
  { events }: ConnectorDefinition,
  { event, payload }: Understood & { kind: "event" },
): void {
  const known = Object.hasOwn(events, event) ? events[event] : undefined;
  const wrong = (pointer: string, message: string) =>
    ValidationFailed({ entity: "body", issues: [{ pointer, code: "invalid", message }] });
  if (!known) throw wrong("", `"${event.slice(0, 100)}" is no event of this connector`);
  if (isDeep(payload)) throw wrong("", `nests deeper than ${MAX_DEPTH}`);
  const validator = checker(known.payload);
  if (validator.Check(payload)) return;
  const [, [first]] = validator.Errors(payload);
  throw wrong(first?.instancePath ?? "", first?.message ?? "does not fit");
}

const MAX_KEY = 200;

/** Fits what keeps it. Of what is too long the hash counts, since two ids may begin alike. */
const keyOf = (text: string): string =>
  text.length <= MAX_KEY ? text : `sha256:${createHash("sha256").update(text).digest("hex")}`;

/** Starts what listens to it, once: null where the message has been there before. */
async function takeIn(
  books: Context,
  { id: connectionId }: Connection,
  { id, event, payload }: Understood & { kind: "event" },
): Promise<number | null> {
  const messageId = keyOf(id);
  try {
    return await books.transaction(async (tx) => {
      const messages = tx.repo(incomingMessage);
      const made = await messages.create({
        connectionId,
        messageId,
        event,
        receivedAt: tx.now(),
      });
      let runs = 0;
      const own = runBooks(tx);
      for (const active of await activeAutomations(own)) {
        const { trigger } = active.definition;
        if (trigger.on !== "connector" || trigger.connectionId !== connectionId || trigger.event !== event)
          continue;
        if (!payloadHolds(trigger.payload, payload)) continue;
        const given = { at: tx.now(), event, payload };
        const triggerKey = keyOf(`${connectionId}:${id}`);
        runs += (await startRuns(own, active, [{ record: null, triggerKey, given, path: [] }])).length;
      }
      await messages.update(made.id, { runs });
      return runs;
    });
  } catch (error) {
    if (!UniqueViolation.is(error)) throw error;
    const known = await books
      .repo(incomingMessage)
      .first({ where: { connectionId, messageId }, select: ["id"] });
    if (!known) throw error;
    return null;
  }
}
