import type { Clock } from "../../util/clock.js";
import { InvalidHttpOptions, TooManyRequests } from "../errors.js";
import { memoryLimiter } from "./memory-limiter.js";
import type { RateDecision, RateLimiter, RateRule } from "./rate-limiter.js";

/** How much one caller may ask. What is left out is not limited. */
export interface RateLimitOptions {
  /** Requests below `/api` of one actor of one tenant. */
  readonly api?: RateRule;
  /** Requests below `/public` of one address (of one /64 for IPv6). Needs `clientAddress`. */
  readonly public?: RateRule;
  /** Default: in the memory of this process. `databaseLimiter` counts for all processes together. */
  readonly limiter?: RateLimiter;
}

export interface RateLimits {
  /** @throws too-many-requests */
  check(area: "api" | "public", who: string): Promise<Readonly<Record<string, string>>>;
  readonly counts: Readonly<Record<"api" | "public", boolean>>;
}

/** @throws invalid-http-options */
export function rateLimitsOf(
  options: RateLimitOptions | undefined,
  clock: Clock,
  knowsAddresses: boolean,
): RateLimits {
  const { limiter = memoryLimiter(clock), ...rules } = options ?? {};
  for (const [name, rule] of Object.entries(rules)) checkRule(`rateLimits.${name}`, rule);
  if (rules.public && !knowsAddresses)
    throw InvalidHttpOptions({
      problem: `"rateLimits.public" counts by address: give "clientAddress", which says what the address is.`,
    });
  return {
    counts: { api: rules.api !== undefined, public: rules.public !== undefined },
    async check(area, who) {
      const rule = rules[area];
      return rule ? limitHeaders(area, rule, await takeOrThrow(limiter, area, `${area}/${who}`, rule)) : {};
    },
  };
}

/** @throws too-many-requests */
export async function takeOrThrow(
  limiter: RateLimiter,
  policy: string,
  key: string,
  rule: RateRule,
): Promise<RateDecision> {
  const decision = await limiter.take(key, rule);
  if (!decision.allowed) throw TooManyRequests({ policy, ...rule, retryAfterSeconds: decision.resetSeconds });
  return decision;
}

/** As the IETF's draft of RateLimit header fields has them. */
export function limitHeaders(
  policy: string,
  rule: RateRule,
  { remaining, resetSeconds }: Omit<RateDecision, "allowed">,
): Record<string, string> {
  return {
    "ratelimit-policy": `"${policy}";q=${rule.limit};w=${rule.windowSeconds}`,
    ratelimit: `"${policy}";r=${remaining};t=${resetSeconds}`,
  };
}

/** @throws invalid-http-options */
export function checkRule(name: string, rule: unknown): void {
  const { limit, windowSeconds } = (rule ?? {}) as Partial<RateRule>;
  const whole = (value: unknown) => Number.isSafeInteger(value) && (value as number) > 0;
  if (!whole(limit) || !whole(windowSeconds))
    throw InvalidHttpOptions({
      problem: `"${name}" is { limit, windowSeconds }, both whole numbers above 0, such as { limit: 600, windowSeconds: 60 }.`,
    });
}
