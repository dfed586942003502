import { createHash } from "node:crypto";
import { realpath, stat } from "node:fs/promises";
import { basename, join, resolve } from "node:path";
import { UserError } from "../user-error.js";

export const FILES = {
  accounts: "accounts.csv",
  products: "products.csv",
  people: "sales_teams.csv",
  pipeline: "sales_pipeline.csv",
} as const;

const EXAMPLE = resolve(import.meta.dirname, "../..");
/** Beside the repository. */
const DEFAULT_DATA_DIR = resolve(EXAMPLE, "../../../shared/data");
export const SAMPLE = join(EXAMPLE, "sample");

/** A folder with the four files. */
export interface DataFolder {
  readonly path: string;
  /** True for the bundled sample where no data was found. */
  readonly isFallback: boolean;
  /**
   * The tenant that the data goes into. Each folder has its own, so that two data sets in one database never mix,
   * and reading a folder again updates what it brought before.
   */
  readonly tenant: string;
}

/**
 * `CORM_DATA_DIR/maven-crm-sales`, or `CORM_DATA_DIR` itself; the bundled sample where neither has any of the files.
 *
 * @throws UserError for a folder that has some of the files and lacks others
 */
export async function findFolder(dataDir: string | undefined): Promise<DataFolder> {
  const root = dataDir ?? DEFAULT_DATA_DIR;
  for (const path of [join(root, "maven-crm-sales"), resolve(root)]) {
    const missing = await missingFiles(path);
    if (missing.length === 0) return { path, isFallback: false, tenant: await tenantOf(path) };
    if (missing.length < Object.keys(FILES).length) {
      throw new UserError(`The data folder ${path} has no ${missing.join(" and no ")}.`);
    }
  }
  return { path: SAMPLE, isFallback: true, tenant: await tenantOf(SAMPLE) };
}

async function missingFiles(folder: string): Promise<string[]> {
  const missing: string[] = [];
  for (const name of Object.values(FILES)) {
    const found = await stat(join(folder, name)).catch(() => undefined);
    if (!found?.isFile()) missing.push(name);
  }
  return missing;
}

async function tenantOf(path: string): Promise<string> {
  if (path === SAMPLE) return "sample";
  const real = await realpath(path);
  const name = basename(real).replace(/[^\w.-]+/g, "-").slice(0, 40);
  return `${name}-${createHash("sha256").update(real).digest("hex").slice(0, 8)}`;
}
