import type { Context, Opportunities } from "@corm/core";
import { opportunity } from "../entities/opportunity.js";

/** Core's port for plugins that open opportunities without knowing this one. */
export function opportunitiesOf(ctx: Context): Opportunities {
  return {
    entity: opportunity,
    async open({ values, ...request }) {
      const { id } = await ctx.repo(opportunity).create({ ...values, ...request });
      return { id };
    },
  };
}
