import { toInstant } from "@corm/core";
import type { LeadHolding } from "../entities/lead-holding.js";
import type { LeadPool } from "../entities/lead-pool.js";

const DAY_MS = 86_400_000;

type Terms = Pick<LeadPool, "recycleUnfollowedDays" | "recycleUnwonDays" | "warnDays" | "protectDays">;
type Held = Pick<LeadHolding, "claimedAt" | "followedAt">;
type Plan = Pick<LeadHolding, "recycleAt" | "recycleReason" | "warnAt">;

/**
 * When a held lead goes back: at the earlier of its two terms, but not while it is protected. The warning comes `warnDays`
 * before, never before the claim.
 */
export function recyclePlan(pool: Terms, { claimedAt, followedAt }: Held): Plan {
  const claimed = Date.parse(claimedAt);
  const followed = followedAt === null ? claimed : Math.max(claimed, Date.parse(followedAt));
  const terms: { at: number; reason: NonNullable<Plan["recycleReason"]> }[] = [];
  if (pool.recycleUnfollowedDays !== null)
    terms.push({ at: followed + pool.recycleUnfollowedDays * DAY_MS, reason: "unfollowed" });
  if (pool.recycleUnwonDays !== null)
    terms.push({ at: claimed + pool.recycleUnwonDays * DAY_MS, reason: "unwon" });
  const first = terms.sort((a, b) => a.at - b.at)[0];
  if (!first) return { recycleAt: null, recycleReason: null, warnAt: null };
  const at = Math.max(first.at, claimed + pool.protectDays * DAY_MS);
  return {
    recycleAt: toInstant(at),
    recycleReason: first.reason,
    warnAt: toInstant(Math.max(claimed, at - pool.warnDays * DAY_MS)),
  };
}
