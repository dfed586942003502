import type { Actor } from "../context/context.js";
import {
  type Claim,
  claimKey,
  finishClaim,
  keyId,
  LEASE_MS,
  releaseClaim,
  renewClaim,
} from "../idempotency/claims.js";
import { InvalidIdempotencyKey } from "../idempotency/errors.js";
import type { Session } from "../runtime/session.js";
import { sha256Hex } from "../util/hash.js";
import { readBytes } from "./body.js";
import { type KeptAnswer, keepAnswer, replyAgain } from "./kept-answer.js";
import type { HttpSettings } from "./options.js";
import type { Answer, HttpCall, HttpRoute } from "./route.js";

export const KEY_HEADER = "idempotency-key";
const KEY = /^[\x20-\x7e]{1,255}$/;

/** Handles the request once more from its beginning, with a session and a body that can be read. */
type Handle = (request: Request, session: Session | undefined) => Promise<Answer | Response>;

/**
 * A POST with an `Idempotency-Key`: done once, and answered alike as often as it comes.
 *
 * What a route does in one transaction (`once: "inside"`) commits together with its answer: a process that dies in
 * between has done nothing. Other routes keep their answer afterwards. An answer of 400 or more frees the key.
 */
export async function answerOnce(
  route: HttpRoute,
  call: HttpCall,
  session: Session | undefined,
  handle: Handle,
  settings: HttpSettings,
): Promise<Response> {
  const key = call.request.headers.get(KEY_HEADER) ?? "";
  if (!KEY.test(key)) throw InvalidIdempotencyKey({});
  const { tenant, owner } = ownerOf(route, call, session, settings);
  const body = await readBytes(call.request, route.maxBody ?? settings.maxBody);
  const keeper = settings.crm.system({
    tenant,
    capability: "core.idempotency",
    reason: "idempotency keys",
  }) as Session;
  await settings.sweeper.sweep(keeper);
  const found = await claimKey<KeptAnswer>(keeper, {
    id: keyId(tenant, owner, key),
    fingerprint: fingerprintOf(call.request, body),
  });
  const authority = authorityOf(session);
  if ("answer" in found) return replyAgain(found.answer, authority);
  const { claim } = found;
  const request = () => withBody(call.request, body);
  const release = async () => {
    try {
      await releaseClaim(keeper, claim);
    } catch (error) {
      // It runs out by itself; what the caller should hear is how the work went.
      settings.crm.report(error);
    }
  };
  let answer: Response;
  try {
    answer =
      session && route.once === "inside"
        ? await session.atomically(async (tx) => finish(tx, claim, await handle(request(), tx), authority))
        : await whileRenewed(keeper, claim, settings, async () =>
            finish(keeper, claim, await handle(request(), session), authority),
          );
  } catch (error) {
    await release();
    throw error;
  }
  if (answer.status >= 400) await release();
  return answer;
}

/** Work outside of a transaction may take longer than a claim lasts, and cannot be taken back: a twin must not begin it. */
async function whileRenewed<T>(
  keeper: Session,
  claim: Claim,
  { crm }: HttpSettings,
  work: () => Promise<T>,
): Promise<T> {
  const timer = setInterval(() => {
    renewClaim(keeper, claim).catch(crm.report);
  }, LEASE_MS / 3);
  timer.unref();
  try {
    return await work();
  } finally {
    clearInterval(timer);
  }
}

async function finish(
  session: Session,
  claim: Claim,
  answer: Answer | Response,
  authority: string,
): Promise<Response> {
  const { kept, reply } = await keepAnswer(answer);
  if (kept.status < 400) await finishClaim(session, claim, { ...kept, authority });
  return reply;
}

/** What the caller may do, as a digest: an answer is given again to nobody who may do something else. */
function authorityOf(session: Session | undefined): string {
  return session ? sha256Hex(JSON.stringify([session.roles, session.scopes ?? null])) : "";
}

/** Whose key it is. Visitors have no identity: a key of theirs counts for the path alone. */
function ownerOf(
  route: HttpRoute,
  call: HttpCall,
  session: Session | undefined,
  { crm }: HttpSettings,
): { tenant: string; owner: string } {
  if (session) return { tenant: session.tenant, owner: actorName(session.actor) };
  return { tenant: crm.defaultTenant ?? "public", owner: `${route.method} ${call.path}` };
}

function actorName(actor: Actor): string {
  if (actor.kind === "user" || actor.kind === "apiKey") return `${actor.kind}:${actor.id}`;
  return JSON.stringify(actor);
}

function fingerprintOf(request: Request, body: Uint8Array): string {
  const { method, url, headers } = request;
  const { pathname, search } = new URL(url);
  const head = [method, pathname, search, headers.get("content-type") ?? "", headers.get("if-match") ?? ""];
  return sha256Hex(Buffer.concat([Buffer.from(`${JSON.stringify(head)}\n`), body]));
}

function withBody(request: Request, body: Uint8Array): Request {
  const { url, method, headers, signal } = request;
  const init = { method, headers, signal, ...(body.byteLength === 0 ? {} : { body }) };
  return new Request(url, init as RequestInit);
}
