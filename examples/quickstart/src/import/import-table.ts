import { type ImportProgress, type ImportRow, importRecords, type Repository } from "@corm/core";
import { RowProblem } from "../data/cells.js";
import type { CsvRow } from "../data/csv.js";
import type { RejectedRows } from "./rejected-rows.js";

export interface TableImport<Input, Column extends string> {
  /** Name of the file, for the list of refused rows. */
  readonly file: string;
  readonly rows: AsyncIterable<CsvRow<Column>> | Iterable<CsvRow<Column>>;
  /** A unique key of the entity: a row that is there already is updated. */
  readonly key: readonly (keyof Input & string)[];
  /** The input of one row, or null for a row that is none of this import's. @throws RowProblem */
  readonly map: (cells: Readonly<Record<Column, string>>, line: number) => Input | null;
  /** Columns by field, for what the CRM itself refuses. */
  readonly columns: Readonly<Partial<Record<keyof Input & string, Column>>>;
  readonly rejected: RejectedRows;
  readonly onProgress?: (progress: ImportProgress) => void;
}

/** What an import took, and the lines that it did not. */
export interface TableResult extends ImportProgress {
  readonly refused: ReadonlySet<number>;
}

/** Writes the rows of a table through the CRM's hooks, and notes those that are refused. */
export async function importTable<Row, Input, Column extends string>(
  repository: Repository<Row, Input>,
  options: TableImport<Input, Column>,
): Promise<TableResult> {
  const { file, rows, map, columns, rejected } = options;
  const refused = new Set<number>();
  async function* source(): AsyncGenerator<ImportRow<Input>> {
    for await (const row of rows) {
      const mapped = toInput(row, map);
      if (mapped) yield mapped;
    }
  }
  const progress = await importRecords(repository, source(), {
    key: options.key,
    onReject: ({ row, field, reason }) => {
      refused.add(row);
      const column = field === null ? null : columnOf(field, columns);
      rejected.add({ file, line: row, column, reason });
    },
    ...(options.onProgress ? { onProgress: options.onProgress } : {}),
  });
  return { ...progress, refused };
}

function toInput<Input, Column extends string>(
  row: CsvRow<Column>,
  map: TableImport<Input, Column>["map"],
): ImportRow<Input> | null {
  if ("problem" in row) return { row: row.line, reason: row.problem };
  try {
    const input = map(row.cells, row.line);
    return input === null ? null : { row: row.line, input };
  } catch (error) {
    if (!(error instanceof RowProblem)) throw error;
    return { row: row.line, field: error.column, reason: error.reason };
  }
}

function columnOf(field: string, columns: Readonly<Partial<Record<string, string>>>): string {
  return field
    .split(", ")
    .map((name) => columns[name] ?? name)
    .join(", ");
}
