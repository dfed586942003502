import type { SchemaManager } from "../../adapter.js";
import type { PhysicalSchema, SchemaStep } from "../../physical-schema.js";
import type { Engine, RawConnection } from "../statement.js";
import type { Translate } from "../translate-error.js";
import { plan } from "./plan.js";

/** How the schema of one engine is looked at, and changed. */
export interface SchemaTools {
  /** Whether the database is to guard the rows of tenants itself. */
  readonly secures?: boolean;
  inspect(connection: RawConnection): Promise<PhysicalSchema>;
  apply(connection: RawConnection, steps: readonly SchemaStep[]): Promise<void>;
}

export function schemaManager(
  tools: SchemaTools,
  connected: () => Promise<Engine>,
  translate: Translate,
): SchemaManager {
  return {
    plan: (current, wanted) => plan(current, wanted, tools.secures),
    async inspect() {
      const engine = await connected();
      try {
        return await engine.connection((connection) => tools.inspect(connection));
      } catch (error) {
        throw translate(error, { operation: "inspect the schema of", table: "database" });
      }
    },
    async apply(steps) {
      if (steps.length === 0) return;
      const engine = await connected();
      try {
        await engine.connection((connection) => tools.apply(connection, steps));
      } catch (error) {
        throw translate(error, { operation: "change the schema of", table: tablesOf(steps) });
      } finally {
        engine.reset();
      }
    },
    async withLock(work) {
      return (await connected()).withLock(work);
    },
  };
}

function tablesOf(steps: readonly SchemaStep[]): string {
  const names = steps.map((step) => (step.kind === "createTable" ? step.table.name : step.table));
  return [...new Set(names)].join(", ");
}
