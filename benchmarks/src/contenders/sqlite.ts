import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { sqlite } from "@corm/core/knex";
import { startCrm } from "../app/crm.js";
import type { Data } from "../app/data.js";
import { type Seeded, seed } from "../app/seed.js";
import type { Contender } from "./contender.js";
import { type CormContender, cormContender } from "./corm.js";
import { knexContender } from "./knex.js";
import { knexOnSqlite } from "./knex-client.js";
import { rawContender } from "./raw.js";
import { openSqlite, type Synchronous, sqliteDriver } from "./raw-driver.js";

const driver = "@photostructure/sqlite";

/** A folder with one filled database, of which everyone gets a copy. */
export interface SeededFiles {
  readonly seeded: Seeded;
  readonly path: string;
  copy(name: string): string;
  remove(): void;
}

export async function seedSqlite(data: Data, rows: number): Promise<SeededFiles> {
  const folder = mkdtempSync(join(tmpdir(), "corm-bench-"));
  const path = join(folder, "seed.db");
  const crm = await startCrm(sqlite(path, { driver, synchronous: "normal" }));
  const seeded = await seed(crm, data, rows);
  await crm.stop();
  return {
    seeded,
    path,
    copy(name) {
      const target = join(folder, `${name}.db`);
      // Also what is still in the write-ahead log.
      const database = openSqlite(path, "normal");
      database.exec(`vacuum into '${target}'`);
      database.close();
      return target;
    },
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}

/** Raw, Knex and Corm, each on its own copy, with the same durability. */
export async function sqliteContenders(
  files: SeededFiles,
  synchronous: Synchronous,
): Promise<readonly [raw: Contender, knex: Contender, corm: CormContender]> {
  const copy = (name: string): string => files.copy(`${name}-${synchronous}`);
  return [
    rawContender(sqliteDriver(copy("raw"), synchronous)),
    knexContender(knexOnSqlite(copy("knex"), synchronous), (column) => `substr(${column}, 1, 7)`),
    cormContender(await startCrm(sqlite(copy("corm"), { driver, synchronous }))),
  ];
}
