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
