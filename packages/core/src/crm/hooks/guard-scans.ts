import { Forbidden } from "../../errors/core-errors.js";
import { before, type HookDefinition } from "../../hooks/define-hook.js";
import type { Session } from "../../runtime/session.js";
import { duplicateScan } from "../entities/duplicate-scan.js";

/** How far a scan has come is what the scan says, and nobody else. */
export const guardScans: readonly HookDefinition[] = (["create", "update"] as const).map((operation) =>
  before(duplicateScan, operation, { name: `crm.guardScans.${operation}` }, (_, ctx) => {
    if (!(ctx as Session).access.isSystem)
      throw Forbidden({ reason: "A scan is begun by the action start, and ended by cancel." });
  }),
);
