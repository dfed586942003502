/** So many in so long a time. The window of a key begins with its first use. */
export interface RateRule {
  readonly limit: number;
  readonly windowSeconds: number;
}

export interface RateDecision {
  readonly allowed: boolean;
  /** What is left of the window's uses. */
  readonly remaining: number;
  /** Until the window ends, at least 1. */
  readonly resetSeconds: number;
}

/**
 * Counts uses. Exact also when many ask at the same moment: at a limit of 100, of 500 at once exactly 100 are allowed.
 * A use that is refused does not count.
 */
export interface RateLimiter {
  /** @param key names what is limited and for whom, the tenant included */
  take(key: string, rule: RateRule): Promise<RateDecision>;
}
