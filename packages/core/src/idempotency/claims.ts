import { TransactionConflict, UniqueViolation } from "../errors/storage-errors.js";
import { IDEMPOTENCY_TABLE } from "../migrations/idempotency-table.js";
import { TENANT_COLUMN } from "../model/system-fields.js";
import type { Session } from "../runtime/session.js";
import type { StoredRow } from "../storage/adapter.js";
import { and, type Filter } from "../storage/filter.js";
import { toInstant } from "../util/clock.js";
import { randomToken, sha256Hex } from "../util/hash.js";
import { AnswerNotKept, IdempotencyMismatch, InProgress } from "./errors.js";
import { FORGOTTEN } from "./forget.js";

/** How long an answer is kept. */
export const KEPT_MS = 24 * 60 * 60 * 1000;
/** A request that has not ended by then ended with its process: the key is free again. */
export const LEASE_MS = 60_000;
const RETRY_AFTER_SECONDS = 1;
/** Somebody else may free or take a key between two looks at it. */
const ATTEMPTS = 5;

const TABLE = IDEMPOTENCY_TABLE.name;
const PURPOSE = "idempotent answer";

/** A request under its key. */
export interface KeyedRequest {
  /** Digest of the key and whose it is: see `keyId`. */
  readonly id: string;
  /** Digest of path and body: what may not differ under one key. */
  readonly fingerprint: string;
}

/** The right to do a request: nobody else does it meanwhile, and nobody can finish it without being the holder. */
export interface Claim extends KeyedRequest {
  readonly token: string;
}

/** Names the row of a key. Keys of different tenants, actors and (where there is no actor) routes never meet. */
export function keyId(tenant: string, owner: string, key: string): string {
  return sha256Hex(JSON.stringify([tenant, owner, key]));
}

/**
 * Claims a key, or answers what its request was answered before.
 *
 * The claim is committed before the work begins, so that a twin sees it. It runs out by itself (`LEASE_MS`) where the
 * process dies; a holder that was only slow finds out at `finish`, which is in the transaction of its work.
 *
 * @param session of the tenant; outside of any transaction
 * @throws idempotency-mismatch, in-progress, answer-not-kept
 */
export async function claimKey<T>(
  session: Session,
  request: KeyedRequest,
): Promise<{ readonly claim: Claim } | { readonly answer: T }> {
  const token = randomToken(16);
  for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
    const now = session.clock.now();
    const row = {
      claim: token,
      request: request.fingerprint,
      answer: null,
      expires_at: toInstant(now + LEASE_MS),
    };
    if (await inserted(session, { id: request.id, [TENANT_COLUMN]: session.tenant, ...row }))
      return { claim: { ...request, token } };
    const found = await read(session, request.id);
    if (!found) continue;
    if ((found["expires_at"] as string) <= toInstant(now)) {
      const where = and(rowOf(session, request.id), claimedBy(found["claim"] as string));
      const { count } = await session.operations().updateWhere(TABLE, where, row);
      if (count === 1) return { claim: { ...request, token } };
      continue;
    }
    if (found["request"] !== request.fingerprint) throw IdempotencyMismatch({});
    const answer = found["answer"] as string | null;
    if (answer === null) break;
    if (answer === FORGOTTEN) throw AnswerNotKept({ reason: "was forgotten, since a person was erased" });
    const opened = session.tokens.open<T>(PURPOSE, answer, request.id);
    if (opened !== undefined) return { answer: opened };
    throw AnswerNotKept({ reason: "was sealed with another secret of the app" });
  }
  throw InProgress({ retryAfterSeconds: RETRY_AFTER_SECONDS });
}

/**
 * Keeps the answer. In the transaction of the work both are committed or neither.
 *
 * @param session inside the transaction of the work, where it has one
 * @throws in-progress where the claim ran out and another one has taken the key: the work must be rolled back
 */
export async function finishClaim(session: Session, claim: Claim, answer: unknown): Promise<void> {
  const { count } = await session.operations().updateWhere(TABLE, held(session, claim), {
    answer: session.tokens.seal(PURPOSE, answer, claim.id),
    expires_at: toInstant(session.clock.now() + KEPT_MS),
  });
  if (count !== 1) throw InProgress({ retryAfterSeconds: RETRY_AFTER_SECONDS });
}

/** Holds the key for as long again, where the work goes on and nobody has taken it. */
export async function renewClaim(session: Session, claim: Claim): Promise<void> {
  const expires_at = toInstant(session.clock.now() + LEASE_MS);
  await session.operations().updateWhere(TABLE, held(session, claim), { expires_at });
}

/** Frees the key of work that has failed. */
export async function releaseClaim(session: Session, claim: Claim): Promise<void> {
  await session.operations().deleteWhere(TABLE, held(session, claim));
}

async function inserted(session: Session, row: StoredRow): Promise<boolean> {
  try {
    await session.operations().insertMany(TABLE, [row]);
    return true;
  } catch (error) {
    // Engines that lock what they compare may give one of two twins up.
    if (UniqueViolation.is(error) || TransactionConflict.is(error)) return false;
    throw error;
  }
}

async function read(session: Session, id: string): Promise<StoredRow | undefined> {
  const [row] = await session.operations().findMany({
    table: TABLE,
    columns: ["claim", "request", "answer", "expires_at"],
    where: rowOf(session, id),
    orderBy: [],
    limit: 1,
  });
  return row;
}

function rowOf(session: Session, id: string): Filter {
  return and(
    { op: "eq", column: "id", value: id },
    { op: "eq", column: TENANT_COLUMN, value: session.tenant },
  );
}

const claimedBy = (token: string): Filter => ({ op: "eq", column: "claim", value: token });

function held(session: Session, claim: Claim): Filter {
  return and(rowOf(session, claim.id), claimedBy(claim.token), { op: "null", column: "answer", is: true });
}
