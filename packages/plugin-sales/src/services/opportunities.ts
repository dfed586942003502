import type { Context, Opportunities } from "@corm/core";
import { opportunity } from "../entities/opportunity.js";

/** Core's port for plugins that open opportunities without knowing this one. */
export function opportunitiesOf(ctx: Context): Opportunities {
  return {
    async open(request) {
      const { id } = await ctx.repo(opportunity).create(request);
      return { id };
    },
  };
}
