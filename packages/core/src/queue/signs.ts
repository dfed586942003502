import { ANY_TENANT } from "../journal/append.js";
import { tenantIs } from "../journal/read.js";
import { CURSOR_TABLE } from "../migrations/journal-tables.js";
import type { Runtime } from "../runtime/runtime.js";
import { and } from "../storage/filter.js";
import { toInstant } from "../util/clock.js";
import { parseInstantMs } from "../util/values.js";

/** Milliseconds between signs of one worker. */
export const SIGN_MS = 10_000;

const NAME = "core.workers";

/** Notes that a worker looks for jobs, for those who ask in other processes: one row for all, whose instant is the last. */
export async function giveSign({ storage, clock }: Pick<Runtime, "storage" | "clock">): Promise<void> {
  const row = {
    ...{ tenant_id: ANY_TENANT, name: NAME, position: 0, holder: null, held_until: null },
    updated_at: toInstant(clock.now()),
  };
  await storage.forTenant(ANY_TENANT).upsert(CURSOR_TABLE.name, [row], ["tenant_id", "name"], ["updated_at"]);
}

/** Milliseconds since the last sign of a worker of any process; null where there has been none. */
export async function sinceLastSign({
  storage,
  clock,
}: Pick<Runtime, "storage" | "clock">): Promise<number | null> {
  const [row] = await storage.forTenant(ANY_TENANT).findMany({
    table: CURSOR_TABLE.name,
    columns: ["updated_at"],
    where: and(tenantIs(ANY_TENANT), { op: "eq", column: "name", value: NAME }),
    orderBy: [],
    limit: 1,
  });
  return row ? clock.now() - parseInstantMs(row["updated_at"] as string) : null;
}
