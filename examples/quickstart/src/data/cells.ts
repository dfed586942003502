import type { Money } from "@corm/core";

/** Why a row is refused: the column, and the reason in words that follow its name. */
export class RowProblem extends Error {
  constructor(
    readonly column: string,
    readonly reason: string,
  ) {
    super(`${column}: ${reason}`);
  }
}

type Cells<Column extends string> = Readonly<Record<Column, string>>;

/** The text of a cell, or null where it is blank. */
export function optionalText<C extends string>(cells: Cells<C>, column: C): string | null {
  const text = cells[column].trim();
  return text === "" ? null : text;
}

/** @throws RowProblem for a blank cell */
export function requiredText<C extends string>(cells: Cells<C>, column: C): string {
  const text = optionalText(cells, column);
  if (text === null) throw new RowProblem(column, "is blank");
  return text;
}

/** An amount of the file's currency: a plain number of 0 or more with at most two decimals. @throws RowProblem */
export function optionalAmount<C extends string>(
  cells: Cells<C>,
  column: C,
  currency: string,
): Money | null {
  const text = optionalText(cells, column);
  if (text === null) return null;
  if (/^-\d/.test(text)) throw new RowProblem(column, `"${shown(text)}" is negative`);
  if (!/^\d{1,13}(?:\.\d{1,2})?$/.test(text)) {
    throw new RowProblem(column, `"${shown(text)}" is not a plain amount such as 1250 or 1250.50`);
  }
  return { amount: text, currency };
}

/** `YYYY-MM-DD`, a day that exists. @throws RowProblem */
export function optionalDay<C extends string>(cells: Cells<C>, column: C): string | null {
  const text = optionalText(cells, column);
  if (text === null) return null;
  if (!/^\d{4}-\d{2}-\d{2}$/.test(text)) {
    throw new RowProblem(column, `"${shown(text)}" is not a date such as 2017-03-31`);
  }
  const day = new Date(`${text}T00:00:00Z`);
  if (Number.isNaN(day.getTime()) || day.toISOString().slice(0, 10) !== text || text < "1000") {
    throw new RowProblem(column, `the day ${text} does not exist`);
  }
  return text;
}

/** A whole number between two others, both included. @throws RowProblem */
export function optionalInteger<C extends string>(
  cells: Cells<C>,
  column: C,
  low: number,
  high: number,
): number | null {
  const text = optionalText(cells, column);
  if (text === null) return null;
  const value = Number(text);
  if (!/^\d{1,15}$/.test(text) || value < low || value > high) {
    throw new RowProblem(column, `"${shown(text)}" is not a whole number from ${low} to ${high}`);
  }
  return value;
}

/** How names of people and companies are compared: upper and lower case, white space and accents' encoding aside. */
export function nameKey(name: string): string {
  return name.normalize("NFC").trim().replace(/\s+/g, " ").toLowerCase();
}

/** How product names are compared: "GTXPro" is "GTX Pro". */
export function productKey(name: string): string {
  return nameKey(name).replaceAll(" ", "");
}

export function shown(text: string): string {
  return text.length > 60 ? `${text.slice(0, 60)}…` : text;
}
