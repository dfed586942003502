import type { Context } from "../../context/context.js";
import { ValidationFailed } from "../../errors/core-errors.js";
import type { Issue } from "../../errors/corm-error.js";
import { before, committed, each, type HookDefinition } from "../../hooks/define-hook.js";
import { forget } from "../../runtime/cached.js";
import { isCurrency } from "../../util/currency.js";
import { currencyRate, currencySetting } from "../entities/currency-rate.js";
import { RATES } from "../services/exchange.js";

function refuse(entity: string, issues: readonly (Issue | false)[]): void {
  const found = issues.filter((issue) => issue !== false);
  if (found.length > 0) throw ValidationFailed({ entity, issues: found });
}

function unknownCurrency(pointer: string, code: unknown): Issue | false {
  // What is no text of three letters is for the validation to refuse, which comes after the hooks.
  if (typeof code !== "string" || !/^[A-Z]{3}$/.test(code) || isCurrency(code)) return false;
  return { pointer, code: "unknown-currency", message: `"${code}" is not a currency of ISO 4217` };
}

const zero = (rate: unknown): Issue | false =>
  typeof rate === "string" &&
  /^[0.]+$/.test(rate) && { pointer: "/rate", code: "rate-zero", message: "must be above 0" };

const OPERATIONS = ["create", "update", "delete", "restore", "purge"] as const;

const forgetRates = (_: readonly unknown[], ctx: Context) => forget(ctx, RATES);

/** Rates between currencies that exist, and of which something comes out. */
export const checkRates: readonly HookDefinition[] = [
  before(
    currencyRate,
    "create",
    { name: "crm.checkRate" },
    each(({ input: { base, quote, rate } }) =>
      refuse(currencyRate.name, [
        unknownCurrency("/base", base),
        unknownCurrency("/quote", quote),
        zero(rate),
        base === quote && { pointer: "/quote", code: "same-currency", message: "must differ from the base" },
      ]),
    ),
  ),
  before(
    currencyRate,
    "update",
    { name: "crm.checkChangedRate" },
    each(({ patch }) => refuse(currencyRate.name, [zero(patch.rate)])),
  ),
  before(
    currencySetting,
    "create",
    { name: "crm.checkCurrency" },
    each(({ input }) =>
      refuse(currencySetting.name, [unknownCurrency("/reportingCurrency", input.reportingCurrency)]),
    ),
  ),
  before(
    currencySetting,
    "update",
    { name: "crm.checkChangedCurrency" },
    each(({ patch }) =>
      refuse(currencySetting.name, [unknownCurrency("/reportingCurrency", patch.reportingCurrency)]),
    ),
  ),
  ...OPERATIONS.flatMap((operation) => [
    committed(currencyRate, operation, { name: `crm.forgetRates-${operation}` }, forgetRates),
    committed(currencySetting, operation, { name: `crm.forgetCurrency-${operation}` }, forgetRates),
  ]),
];
