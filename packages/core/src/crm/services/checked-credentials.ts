import type { Identity } from "../../context/context.js";
import type { Session } from "../../runtime/session.js";
import type { FindSpec } from "../../storage/adapter.js";
import { type Awaitable, andThen } from "../../util/awaitable.js";
import { createLru } from "../../util/lru.js";
import { answerTo } from "./evidence.js";

/** Credentials that are kept; the one unused for longest goes first. */
const KEPT = 5_000;

/** Who a credential belongs to. */
export interface KnownCredential {
  readonly id: string;
  readonly identity: Identity;
  /** Milliseconds since 1970; it holds no longer than until then. */
  readonly until: number;
  /** Asks whether all of it still stands. */
  readonly question: FindSpec;
}

export interface FoundCredential {
  readonly id: string;
  readonly identity: Identity;
  /** When it was used last, to the minute: as the database has it. */
  readonly seen: string | null;
}

/**
 * Credentials that were checked before, by their digests. None is taken on trust: each time the database is asked, in
 * one statement, whether everything still stands that its identity was made from. So a revoked key, a suspended user and
 * a role that was taken away count from the next request on, whichever process did it.
 */
export class CheckedCredentials {
  readonly #kept = createLru<string, KnownCredential>(KEPT);

  /** @param session of the system, in the tenant of the credential */
  find(session: Session, digest: string): Awaitable<FoundCredential | undefined> {
    const key = `${session.tenant}/${digest}`;
    const known = this.#kept.get(key);
    if (!known) return undefined;
    if (session.nowMs >= known.until) {
      this.#kept.delete(key);
      return undefined;
    }
    const { id, identity, question } = known;
    return andThen(answerTo(question, session), (row) => {
      if (row) return { id, identity, seen: row[question.columns[0] as string] as string | null };
      this.#kept.delete(key);
      return undefined;
    });
  }

  keep(session: Session, digest: string, known: KnownCredential): void {
    this.#kept.set(`${session.tenant}/${digest}`, known);
  }
}
