import Type from "typebox";
import { defineEntity, type Input, type Row } from "../../entity/define-entity.js";
import { date, oneOf, withDefault } from "../../schema/field.js";

const currency = () => Type.String({ pattern: "^[A-Z]{3}$" });

const draft = defineEntity("currencyRate", {
  fields: {
    base: currency(),
    quote: currency(),
    /** The first day on which it holds; until the next one of the pair. */
    validFrom: date(),
    /** Units of `quote` for one unit of `base`: decimal text above 0, such as `1.0853`. */
    rate: Type.String({ pattern: "^\\d{1,12}(\\.\\d{1,12})?$" }),
    /** Where it is from, such as `ECB`. */
    source: Type.Optional(Type.String({ maxLength: 100 })),
  },
  unique: [["base", "quote", "validFrom"]],
  indexes: [["validFrom"]],
  immutable: ["base", "quote", "validFrom"],
});

export interface CurrencyRate extends Row<typeof draft> {}
export interface CurrencyRateInput extends Input<typeof draft> {}
/** What one currency is worth in another, from a day on. */
export const currencyRate = draft.as<CurrencyRate, CurrencyRateInput>();

const settingDraft = defineEntity("currencySetting", {
  fields: {
    /** There is one for the tenant. */
    scope: withDefault(oneOf(["tenant"]), "tenant"),
    /** What sums over several currencies are given in. Where there is no record: the app's currency. */
    reportingCurrency: currency(),
  },
  unique: [["scope"]],
  immutable: ["scope"],
});

export interface CurrencySetting extends Row<typeof settingDraft> {}
export interface CurrencySettingInput extends Input<typeof settingDraft> {}
/** In which currency the tenant reports. */
export const currencySetting = settingDraft.as<CurrencySetting, CurrencySettingInput>();
