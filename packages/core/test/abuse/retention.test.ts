import { applyRetention, InvalidArgument } from "@corm/core";
import { expect, it } from "vitest";
import { onDatabases } from "../support/apps.js";
import { type Everything, everything } from "./people.js";

onDatabases({ plugins: everything }, (app) => {
  it("takes what is too old, by its own date, in runs that end", async () => {
    const me = app().fresh() as Everything;
    const touch = (days: number) => ({
      channel: "form",
      source: `source ${days}`,
      capturedAt: new Date(app().clock.now() - days * 86_400_000).toISOString(),
    });
    await me.entities.touchpoint.createMany([800, 731, 729, 1].map(touch));
    const rule = { entity: "touchpoint", by: "capturedAt", days: 730, action: "anonymise" } as const;
    expect(await applyRetention(me, [rule], { limit: 1 })).toEqual({ touchpoint: 1 });
    expect(await applyRetention(me, [rule])).toEqual({ touchpoint: 1 });
    expect(await applyRetention(me, [rule])).toEqual({ touchpoint: 0 });
    const { items } = await me.entities.touchpoint.find({ orderBy: ["capturedAt"] });
    expect(items.map(({ source }) => source)).toEqual([null, null, "source 729", "source 1"]);
    expect(await applyRetention(me, [{ ...rule, action: "delete" }])).toEqual({ touchpoint: 2 });
    expect(await me.entities.touchpoint.count()).toBe(2);
    for (const bad of [
      { ...rule, days: 0 },
      { ...rule, by: "source" },
      { ...rule, entity: "nothing" },
    ])
      expect(InvalidArgument.is(await applyRetention(me, [bad]).catch((e) => e))).toBe(true);
  });
});
