import { currenciesByDecimals } from "../../../util/currency.js";
import type { ValueType } from "../catalog.js";
import type { JsonPart } from "./dialect.js";

const text = (value: string): string => `'${value.replaceAll("'", "''")}'`;

/** Arguments of a function, half of what SQLite takes at least. */
const MOST = 40;

/** A row as JSON text. Objects of many fields are made in parts, since functions take so many arguments. */
export function jsonRow(fields: readonly JsonPart[]): string {
  const parts: string[] = [];
  for (let start = 0; start < fields.length; start += MOST) {
    const pairs = fields.slice(start, start + MOST).map((field) => `${text(field.name)}, ${value(field)}`);
    parts.push(`json_object(${pairs.join(", ")})`);
  }
  if (parts.length <= 1) return parts[0] ?? "'{}'";
  const inner = parts.map((part) => `substr(${part}, 2, length(${part}) - 2)`);
  return `'{' || ${inner.join(" || ',' || ")} || '}'`;
}

function value(field: JsonPart): string {
  if (!("sql" in field)) return money(field.amount, field.currency);
  return plain(field.sql, field.type);
}

function plain(sql: string, type: ValueType): string {
  if (type === "boolean") return `json(case ${sql} when 1 then 'true' when 0 then 'false' end)`;
  return type === "json" ? `json(${sql})` : sql;
}

/** Minor units as decimal text, by the decimals of the currency. */
function money(amount: string, currency: string): string {
  const cases = currenciesByDecimals()
    .filter(([decimals]) => decimals !== 2)
    .map(
      ([decimals, codes]) =>
        `when ${currency} in (${codes.map(text).join(", ")}) then ${decimalText(amount, decimals)}`,
    );
  const shown = `case ${cases.join(" ")} else ${decimalText(amount, 2)} end`;
  return `json(case when ${amount} is not null then json_object('amount', ${shown}, 'currency', ${currency}) end)`;
}

function decimalText(amount: string, decimals: number): string {
  if (decimals === 0) return `cast(${amount} as text)`;
  const unit = 10 ** decimals;
  const sign = `case when ${amount} < 0 then '-' else '' end`;
  return `printf('%s%d.%0${decimals}d', ${sign}, abs(${amount} / ${unit}), abs(${amount} % ${unit}))`;
}
