import { UniqueViolation } from "../../errors/storage-errors.js";
import { RATE_TABLE } from "../../migrations/physical-schema.js";
import type { StorageAdapter } from "../../storage/adapter.js";
import { and, type Filter } from "../../storage/filter.js";
import { type Clock, toInstant } from "../../util/clock.js";
import { sha256Hex } from "../../util/hash.js";
import { parseInstantMs } from "../../util/values.js";
import type { RateDecision, RateLimiter, RateRule } from "./rate-limiter.js";

/** Others may have been quicker as often as this before it is taken for a mistake. */
const TRIES = 20;
/** One use in so many sweeps counters that nobody asks for any more. */
const SWEEP_EVERY = 500;

const TABLE = RATE_TABLE.name;

/**
 * Counts in the database, for all processes together and across restarts: one guarded increment for each use, so that no
 * two uses take the same place.
 */
export function databaseLimiter(storage: StorageAdapter, clock: Clock): RateLimiter {
  let uses = 0;
  return {
    async take(text, rule) {
      // Keys hold addresses: the table need not.
      const key = sha256Hex(text);
      uses += 1;
      if (uses % SWEEP_EVERY === 0) await sweep(storage, clock);
      for (let attempt = 0; attempt < TRIES; attempt++) {
        const now = clock.now();
        const decision = (await increment(storage, key, rule, now)) ?? (await begin(storage, key, rule, now));
        if (decision) return decision;
      }
      // Everybody else got through: refusing one more than the rule asks for is the safe side.
      return { allowed: false, remaining: 0, resetSeconds: 1 };
    },
  };
}

const keyIs = (key: string): Filter => ({ op: "eq", column: "key", value: key });

async function increment(
  storage: StorageAdapter,
  key: string,
  rule: RateRule,
  now: number,
): Promise<RateDecision | undefined> {
  const open: Filter = { op: "gt", column: "ends_at", value: toInstant(now) };
  const room: Filter = { op: "lt", column: "used", value: rule.limit };
  const { count } = await storage.updateWhere(TABLE, and(keyIs(key), open, room), { used: { add: 1 } });
  const [row] = await storage.findMany({
    table: TABLE,
    columns: ["used", "ends_at"],
    where: and(keyIs(key), open),
    orderBy: [],
    limit: 1,
  });
  if (!row) return undefined;
  const used = Number(row["used"]);
  // There was no room a moment ago, and there is now: the window is another one.
  if (count === 0 && used < rule.limit) return undefined;
  return decisionOf(count === 1, rule.limit - used, parseInstantMs(row["ends_at"]) - now);
}

/** A window of its own for a key that has none, or whose last one is over. Undefined where somebody else was quicker. */
async function begin(
  storage: StorageAdapter,
  key: string,
  rule: RateRule,
  now: number,
): Promise<RateDecision | undefined> {
  const endsAt = now + rule.windowSeconds * 1000;
  const window = { ends_at: toInstant(endsAt), used: 1 };
  const over: Filter = { op: "lte", column: "ends_at", value: toInstant(now) };
  const { count } = await storage.updateWhere(TABLE, and(keyIs(key), over), window);
  if (count === 0) {
    try {
      await storage.insertMany(TABLE, [{ key, ...window }]);
    } catch (error) {
      if (!UniqueViolation.is(error)) throw error;
      return undefined;
    }
  }
  return decisionOf(true, rule.limit - 1, endsAt - now);
}

function decisionOf(allowed: boolean, remaining: number, ms: number): RateDecision {
  return { allowed, remaining: Math.max(0, remaining), resetSeconds: Math.max(1, Math.ceil(ms / 1000)) };
}

async function sweep(storage: StorageAdapter, clock: Clock): Promise<void> {
  const over: Filter = { op: "lt", column: "ends_at", value: toInstant(clock.now() - 3_600_000) };
  await storage.deleteWhere(TABLE, over);
}
