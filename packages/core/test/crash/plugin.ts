import { after, type Plugin } from "@corm/core";
import { box, type ToysPlugin, thing, toysWith } from "../support/toys.js";

/** Every thing gets a box that bears its title, in its own transaction: one without the other is half a write. */
export const withCompanions = (): Plugin<ToysPlugin> =>
  toysWith(
    after(thing, "create", { name: "toys.companion" }, async (batch, ctx) => {
      const boxes = await ctx.repo(box).createMany(batch.map(({ row }) => ({ label: row.title })));
      await ctx
        .repo(thing)
        .updateMany(batch.map(({ row }, i) => ({ id: row.id, patch: { boxId: boxes[i]?.id as string } })));
    }),
  );
