import type { ImportProgress } from "@corm/core";
import { CURRENCY, type Session } from "../crm.js";
import {
  nameKey,
  optionalAmount,
  optionalDay,
  optionalText,
  productKey,
  RowProblem,
  requiredText,
  shown,
} from "../data/cells.js";
import type { CsvTable } from "../data/csv.js";
import type { Ids } from "./ids.js";
import { importTable, type TableResult } from "./import-table.js";
import type { RejectedRows } from "./rejected-rows.js";

export const PIPELINE_COLUMNS = [
  "opportunity_id",
  "sales_agent",
  "product",
  "account",
  "deal_stage",
  "engage_date",
  "close_date",
  "close_value",
] as const;

type Column = (typeof PIPELINE_COLUMNS)[number];
type Cells = Readonly<Record<Column, string>>;

/** What the rows of the pipeline refer to. */
export interface References {
  readonly accounts: Ids;
  readonly products: Ids;
  readonly agents: Ids;
}

interface StageOfFile {
  readonly key: string;
  readonly decided: boolean;
}

const STAGES: ReadonlyMap<string, StageOfFile> = new Map([
  ["prospecting", { key: "prospecting", decided: false }],
  ["engaging", { key: "engaging", decided: false }],
  ["won", { key: "won", decided: true }],
  ["lost", { key: "lost", decided: true }],
]);

/** Opportunities of the pipeline file, by `opportunity_id`. */
export function importOpportunities(
  session: Session,
  table: CsvTable<Column>,
  references: References,
  rejected: RejectedRows,
  onProgress: (progress: ImportProgress) => void,
): Promise<TableResult> {
  return importTable(session.entities.opportunity, {
    file: table.name,
    rows: table.rows(),
    rejected,
    onProgress,
    key: ["externalId"],
    columns: {
      name: "opportunity_id",
      externalId: "opportunity_id",
      ownerId: "sales_agent",
      productId: "product",
      accountId: "account",
      stage: "deal_stage",
      openedOn: "engage_date",
      closeDate: "close_date",
      amount: "close_value",
    },
    map: (cells) => opportunityOf(cells, references),
  });
}

function opportunityOf(cells: Cells, { accounts, products, agents }: References) {
  const externalId = requiredText(cells, "opportunity_id");
  const ownerId = lookUp(cells, "sales_agent", agents, nameKey);
  const productId = lookUp(cells, "product", products, productKey);
  const account = optionalText(cells, "account");
  const accountId = account === null ? null : lookUp(cells, "account", accounts, nameKey);
  const stage = stageOf(cells);
  const openedOn = optionalDay(cells, "engage_date");
  const closeDate = optionalDay(cells, "close_date");
  const amount = optionalAmount(cells, "close_value", CURRENCY);
  if (stage.decided && closeDate === null) {
    throw new RowProblem("close_date", `is blank, and the opportunity is ${stage.key}`);
  }
  if (openedOn !== null && closeDate !== null && closeDate < openedOn) {
    throw new RowProblem("close_date", `${closeDate} lies before the engage date, ${openedOn}`);
  }
  if (stage.key === "won" && amount === null) {
    throw new RowProblem("close_value", "is blank, and the opportunity is won");
  }
  return {
    externalId,
    name: `${cells.product.trim()} for ${account ?? "an unnamed account"}`,
    ownerId,
    productId,
    accountId,
    stage: stage.key,
    openedOn,
    closeDate,
    amount,
  };
}

function stageOf(cells: Cells): StageOfFile {
  const text = requiredText(cells, "deal_stage");
  const stage = STAGES.get(nameKey(text));
  if (stage) return stage;
  throw new RowProblem("deal_stage", `"${shown(text)}" is none of Prospecting, Engaging, Won, Lost`);
}

const FILE_OF = { sales_agent: "sales_teams.csv", product: "products.csv", account: "accounts.csv" } as const;

function lookUp(
  cells: Cells,
  column: keyof typeof FILE_OF,
  ids: Ids,
  keyOf: (name: string) => string,
): string {
  const name = requiredText(cells, column);
  const id = ids.get(keyOf(name));
  if (id !== undefined) return id;
  throw new RowProblem(column, `"${shown(name)}" is not among the imported rows of ${FILE_OF[column]}`);
}
