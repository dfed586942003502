import { readCsv } from "@corm/core";

/** The records of a CSV file by column name. */
export async function recordsOf(text: string): Promise<Record<string, string>[]> {
  let header: readonly string[] | undefined;
  const records: Record<string, string>[] = [];
  for await (const { cells } of readCsv([text])) {
    if (header) records.push(Object.fromEntries(header.map((name, i) => [name, cells[i] ?? ""])));
    else header = cells;
  }
  return records;
}
