import { isDeepStrictEqual } from "node:util";
import { isCormError, readCsv } from "@corm/core";
import type { Subject } from "../subject.js";

interface Case {
  readonly csv_utf8: string;
  readonly expected: unknown;
  readonly header: boolean;
  readonly must_error: boolean;
}

/** Records as the data has them: objects by the header, or lists. Null where a record or the file is refused. */
async function read(text: string, hasHeader: boolean): Promise<unknown> {
  const records: (readonly string[])[] = [];
  try {
    for await (const record of readCsv([text])) {
      if ("problem" in record) return null;
      records.push(record.cells);
    }
  } catch (error) {
    if (isCormError(error)) return null;
    throw error;
  }
  if (!hasHeader) return records;
  const [header = [], ...rest] = records;
  return rest.map((cells) => Object.fromEntries(header.map((name, i) => [name, cells[i]])));
}

export const csvParsing: Subject = {
  name: "csv",
  needs: ["csv-parsing"],
  run: async (data) => {
    const { cases } = JSON.parse(data("csv-parsing/cases.json")) as { cases: Case[] };
    let right = 0;
    for (const { csv_utf8, expected, header, must_error } of cases) {
      const records = await read(csv_utf8, header);
      if (must_error ? records === null : isDeepStrictEqual(records, expected)) right += 1;
    }
    return [
      {
        what: `CSV: edge cases, ${cases.length}`,
        method: "readCsv, as imports read",
        preprocessing: "none",
        measure: "share right",
        figure: right / cases.length,
        reference: 0.92,
        by: "aim",
        // One of the twelve expects a number that its own file does not hold.
        digits: 2,
      },
    ];
  },
};
