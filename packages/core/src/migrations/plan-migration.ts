import type { Composition } from "../plugin/compose.js";
import type { StorageAdapter } from "../storage/adapter.js";
import type { SchemaPlan, SchemaStep } from "../storage/physical-schema.js";
import { snakeCase } from "../util/words.js";
import { type Ledger, ownersOf, readLedger } from "./ledger.js";
import { META_TABLE, physicalSchema } from "./physical-schema.js";

export interface MigrationPlan {
  /** What would be done, in order. */
  readonly steps: readonly SchemaStep[];
  /** Why it would be refused, in sentences that name the plugins and the way out. */
  readonly problems: readonly string[];
  /** Tables and columns of plugins that are not in the list now: kept, untouched. */
  readonly dormant: readonly string[];
}

/** Compares the database with the composed plugins. Reads only. */
export async function planMigration(
  composition: Composition,
  storage: StorageAdapter,
  allowDataLoss: readonly string[] = [],
): Promise<MigrationPlan> {
  const current = await storage.schema.inspect();
  const ledger = current.tables.some((table) => table.name === META_TABLE.name)
    ? await readLedger(storage)
    : {};
  const plan = storage.schema.plan(current, physicalSchema(composition));
  return judge(composition, ledger, plan, new Set(allowDataLoss.map(placeOf)));
}

/** `lead.score` in code is `lead.score` in the database, `priceBook.listPrice` is `price_book.list_price`. */
const placeOf = (name: string): string => name.split(".").map(snakeCase).join(".");

function judge(
  composition: Composition,
  ledger: Ledger,
  plan: SchemaPlan,
  allowed: ReadonlySet<string>,
): MigrationPlan {
  const owners = { ...ledger, ...ownersOf(composition) };
  const present = new Set(composition.plugins.map((plugin) => plugin.name));
  const retired = new Set(composition.plugins.flatMap((plugin) => (plugin.parts.retired ?? []).map(placeOf)));
  const steps: SchemaStep[] = [...plan.steps];
  const problems: string[] = [];
  const dormant: string[] = [];
  for (const conflict of plan.conflicts) {
    const place = conflict.column ? `${conflict.table}.${conflict.column}` : conflict.table;
    const owner = owners[place] ?? owners[conflict.table];
    problems.push(
      `${place}${owner ? ` (plugin "${owner}")` : ""}: ${conflict.reason}. Keep the old declaration, or add a new field and copy the values over.`,
    );
  }
  for (const { table, column } of plan.unknown) {
    const place = column ? `${table}.${column}` : table;
    const owner = ledger[place];
    // What Corm never made is somebody else's: a shared database is normal.
    if (!owner) continue;
    if (!present.has(owner) || retired.has(place) || retired.has(table)) dormant.push(place);
    else if (allowed.has(place))
      steps.push(column ? { kind: "dropColumn", table, column } : { kind: "dropTable", table });
    else {
      problems.push(
        `${place} is in the database, but plugin "${owner}" no longer declares it. To keep its data, list "${place}" in the plugin's \`retired\`; to drop it, start once with createCrm({ allowDataLoss: ["${place}"] }).`,
      );
    }
  }
  return { steps, problems, dormant };
}
