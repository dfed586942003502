import Type from "typebox";
import { defineAction } from "../../actions/define-action.js";
import { date, money } from "../../schema/field.js";
import { currencyRate } from "../entities/currency-rate.js";
import { exchange } from "../services/exchange.js";

/** Converts an amount and names the rates that it used. `POST /api/currency-rates/convert` */
export const convertMoney = defineAction({
  name: "convert",
  on: currencyRate,
  collection: true,
  readOnly: true,
  label: "Convert an amount",
  description: "An amount in another currency at the rate of a day, with the rates that were used.",
  input: Type.Object({
    money: money(),
    /** Default: the reporting currency. */
    to: Type.Optional(Type.String({ pattern: "^[A-Z]{3}$" })),
    /** Default: today, UTC. */
    on: Type.Optional(date()),
  }),
  output: Type.Object({
    money: money(),
    rates: Type.Array(
      Type.Object({
        id: Type.String(),
        base: Type.String(),
        quote: Type.String(),
        validFrom: date(),
        rate: Type.String(),
        /** The amount was divided by the rate. */
        inverse: Type.Boolean(),
      }),
    ),
  }),
  run: async ({ input: { money: given, ...options } }, ctx) => {
    const { money: converted, rates } = await ctx.service(exchange).convert(given, options);
    return { money: converted, rates: [...rates] };
  },
});
