import { defineError } from "../errors/define-error.js";

/** Where an import stands that could not go on. */
interface Stopped {
  readonly id?: string;
  readonly done?: number;
}

const left = ({ id, done }: Stopped): string =>
  id === undefined ? "" : ` Import ${id} ended there; the ${done} rows before are decided.`;

export const InvalidImport = defineError<{ reason: string } & Stopped>("invalid-import", {
  status: 400,
  title: "The file cannot be imported",
  detail: ({ reason, ...stopped }) => `${reason}${left(stopped)}`,
});

export const RowTooLarge = defineError<{ line: number; limit: number } & Stopped>("row-too-large", {
  status: 413,
  title: "A row of the file is too large",
  detail: ({ line, limit, ...stopped }) =>
    `The row that begins in line ${line} is longer than ${limit} characters. Shorten it, or look for a missing line end or quote.${left(stopped)}`,
});

export const ImportNotResumable = defineError<{ id: string; reason: string }>("import-not-resumable", {
  status: 409,
  title: "The import cannot be resumed",
  detail: ({ id, reason }) => `Import ${id} ${reason}.`,
});

export const ImportTakenOver = defineError<{ id: string }>("import-taken-over", {
  status: 409,
  title: "The import was taken over",
  detail: ({ id }) =>
    `Import ${id} was resumed by another request, which goes on with it. This one has ended.`,
});

export const XlsxNotInstalled = defineError("xlsx-not-installed", {
  status: 406,
  title: "Workbooks cannot be written here",
  detail: () =>
    `This app cannot write workbooks: ask for "csv". Whoever runs it adds them with: npm install hucre`,
});

export const XlsxUnreadable = defineError("xlsx-unreadable", {
  status: 415,
  title: "Workbooks cannot be read here",
  detail: () =>
    `This app cannot read workbooks: send "text/csv". Whoever runs it adds them with: npm install yauzl saxes`,
});

export const WorkbookTooLarge = defineError<{ part: string; limit: number }>("workbook-too-large", {
  status: 413,
  title: "The workbook is too large once it is unpacked",
  detail: ({ part, limit }) =>
    `"${part.slice(0, 100)}" is beyond ${limit}. Save the sheet as CSV, which is read as it comes.`,
});

export const ImportNotRevertible = defineError<{ id: string; reason: string }>("import-not-revertible", {
  status: 409,
  title: "The import cannot be taken back",
  detail: ({ id, reason }) => `Import ${id} ${reason}.`,
});
