/**
 * On whose behalf something is done with the rights of the system. Both are kept in the journal with all that is written.
 */
export interface SystemUse {
  /**
   * What a plugin declared that it needs these rights for, such as `leads.capture`; an app may withhold it. Left out for
   * the app's own code.
   */
  readonly capability?: string;
  /** Why, in words. */
  readonly reason: string;
}
