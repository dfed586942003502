import type { Context } from "@corm/core";

/** The same session with the rights to keep the activities of a series. */
export const seriesBooks = (ctx: Context): Context =>
  ctx.asSystem({ capability: "sales.series", reason: "keep the activities of a series" });

export const isSeriesWrite = ({ actor }: Context): boolean =>
  actor.kind === "system" && actor.capability === "sales.series";
