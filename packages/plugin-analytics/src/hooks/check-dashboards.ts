import { before, each, type HookDefinition } from "@corm/core";
import { checkPanels } from "../dashboard/check-panels.js";
import type { Panel } from "../dashboard/panels.js";
import { dashboard } from "../entities/dashboard.js";

/** Panels of another shape are told by the field itself. */
const isList = (panels: unknown): panels is Panel[] =>
  Array.isArray(panels) && panels.every((panel) => typeof panel?.metric === "string");

const onCreate = before(
  dashboard,
  "create",
  { name: "analytics.dashboard-check" },
  each(({ input }, ctx) => {
    if (isList(input.panels)) checkPanels(ctx, input.name, input.panels);
  }),
);

const onUpdate = before(
  dashboard,
  "update",
  { name: "analytics.dashboard-recheck" },
  each(({ before: old, patch }, ctx) => {
    if (isList(patch.panels)) checkPanels(ctx, patch.name ?? old.name, patch.panels);
  }),
);

/** A dashboard that could not be drawn is told to its author when it is saved. */
export const checkDashboards: readonly HookDefinition[] = [onCreate, onUpdate];
