import { join } from "node:path";
import type { ImportProgress } from "@corm/core";
import type { Session } from "../crm.js";
import { openCsv } from "../data/csv.js";
import { type DataFolder, FILES } from "../data/folder.js";
import { ACCOUNT_COLUMNS, importAccounts } from "./accounts.js";
import { importOpportunities, PIPELINE_COLUMNS } from "./opportunities.js";
import { importPeople, PEOPLE_COLUMNS } from "./people.js";
import { importProducts, PRODUCT_COLUMNS } from "./products.js";
import type { RejectedRows } from "./rejected-rows.js";

/** The tables of a data folder, their headers checked. */
export type Tables = Awaited<ReturnType<typeof openTables>>;

/** @throws UserError for a header that lacks a column, before anything is imported */
export async function openTables(folder: DataFolder) {
  const path = (name: keyof typeof FILES) => join(folder.path, FILES[name]);
  return {
    accounts: await openCsv(path("accounts"), ACCOUNT_COLUMNS),
    products: await openCsv(path("products"), PRODUCT_COLUMNS),
    people: await openCsv(path("people"), PEOPLE_COLUMNS),
    pipeline: await openCsv(path("pipeline"), PIPELINE_COLUMNS),
  };
}

/** What a run has imported. */
export interface Imported {
  readonly products: number;
  readonly accounts: number;
  readonly agents: number;
  /** Rows of the pipeline file. */
  readonly pipeline: ImportProgress;
}

/**
 * Brings the four files into the CRM, each after those it refers to. Every row goes by a unique key and in a batch with
 * a transaction of its own: whatever interrupts a run, the next one completes it and doubles nothing.
 */
export async function importFolder(
  session: Session,
  tables: Tables,
  rejected: RejectedRows,
  onProgress: (progress: ImportProgress) => void,
): Promise<Imported> {
  const products = await importProducts(session, tables.products, rejected);
  const accounts = await importAccounts(session, tables.accounts, rejected);
  const agents = await importPeople(session, tables.people, rejected);
  const references = { accounts, products, agents };
  const pipeline = await importOpportunities(session, tables.pipeline, references, rejected, onProgress);
  return { products: products.size, accounts: accounts.size, agents: agents.size, pipeline };
}
