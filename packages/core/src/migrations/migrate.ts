import { SchemaConflicts } from "../errors/core-errors.js";
import type { Composition } from "../plugin/compose.js";
import type { StorageAdapter } from "../storage/adapter.js";
import type { SchemaStep } from "../storage/physical-schema.js";
import type { Clock } from "../util/clock.js";
import { beginHistories } from "./begin-histories.js";
import { describeStep } from "./describe-step.js";
import { readLedger, writeLedger } from "./ledger.js";
import { META_TABLE } from "./physical-schema.js";
import { planMigration } from "./plan-migration.js";
import { refreshSearchText } from "./search-text.js";

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
    if (plan.steps.length > 0) throw SchemaConflicts({ problems: [behind(plan.steps)] });
    return;
  }
  await storage.schema.withLock(async () => {
    const plan = await planMigration(composition, storage, options.allowDataLoss);
    if (plan.problems.length > 0) throw SchemaConflicts({ problems: plan.problems });
    const isOurs = (step: SchemaStep) => step.kind === "createTable" && step.table === META_TABLE;
    await storage.schema.apply(plan.steps.filter(isOurs));
    // Claimed before they are made: a start that breaks off in between must know its tables again.
    await writeLedger(storage, await readLedger(storage), composition, clock.now());
    await storage.schema.apply(plan.steps.filter((step) => !isOurs(step)));
    const created = plan.steps.flatMap((step) => (step.kind === "createTable" ? [step.table.name] : []));
    await beginHistories(composition, storage, new Set(created), clock.now());
    await refreshSearchText(composition, storage, new Set(created), clock.now());
  });
}

const SHOWN = 10;

function behind(steps: readonly SchemaStep[]): string {
  const words = steps.slice(0, SHOWN).map(describeStep);
  const more = steps.length > SHOWN ? [`and ${steps.length - SHOWN} more`] : [];
  const count = steps.length === 1 ? "1 step" : `${steps.length} steps`;
  return `the database is behind by ${count}: start once with migrate: "apply" to ${[...words, ...more].join(", ")}`;
}
