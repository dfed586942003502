import { SchemaConflicts } from "../errors/core-errors.js";
import type { Composition } from "../plugin/compose.js";
import type { StorageAdapter } from "../storage/adapter.js";
import type { Clock } from "../util/clock.js";
import { readLedger, writeLedger } from "./ledger.js";
import { planMigration } from "./plan-migration.js";

export interface MigrationOptions {
  /**
   * `apply` (default) brings the database up to the plugins at start, additions only; `check` refuses to start where
   * something is to do; `off` does not look.
   */
  readonly migrate?: "apply" | "check" | "off";
  /** Tables and columns whose data may be dropped, by name: `["lead.score"]`. */
  readonly allowDataLoss?: readonly string[];
}

/** @throws schema-conflicts; nothing has been changed then */
export async function migrate(
  composition: Composition,
  storage: StorageAdapter,
  options: MigrationOptions,
  clock: Clock,
): Promise<void> {
  if (options.migrate === "off") return;
  if (options.migrate === "check") {
    const plan = await planMigration(composition, storage, options.allowDataLoss);
    if (plan.problems.length > 0) throw SchemaConflicts({ problems: plan.problems });
    if (plan.steps.length > 0) {
      throw SchemaConflicts({
        problems: [`the database is behind by ${plan.steps.length} steps: start once with migrate: "apply"`],
      });
    }
    return;
  }
  await storage.schema.withLock(async () => {
    const plan = await planMigration(composition, storage, options.allowDataLoss);
    if (plan.problems.length > 0) throw SchemaConflicts({ problems: plan.problems });
    await storage.schema.apply(plan.steps);
    const before = await readLedger(storage);
    await writeLedger(storage, before, composition, clock.now());
  });
}
