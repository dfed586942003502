import type { ServiceToken } from "../../context/context.js";
import { defineService } from "../../services/define-service.js";

/** How somebody or something comes in from a channel: compared with what is there, made or added to, given to somebody. */
export interface Intake {
  /** What whoever imports must have besides the right to import. */
  readonly permission: string;
  /**
   * Takes in rows of a file, all of them or, where it throws, none. At most 500. What is wrong with one of several need not
   * be told which: they are tried again in smaller lots.
   */
  take(
    rows: readonly Readonly<Record<string, unknown>>[],
    from: { readonly importId: string },
  ): Promise<void>;
}

/**
 * The way in for records of an entity, by which imports in the mode `capture` go. The plugin of the entity provides it:
 * `provide(intakeOf(lead), (ctx) => …)`.
 */
export const intakeOf = (entity: { readonly name: string }): ServiceToken<Intake> =>
  defineService(`crm.intake.${entity.name}`);
