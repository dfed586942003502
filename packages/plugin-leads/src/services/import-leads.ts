import { type Context, type Intake, isCormError, ValidationFailed } from "@corm/core";
import type { LeadInput } from "../entities/lead.js";
import { captureLeads, MAX_CAPTURES } from "./capture-lead.js";
import { RESERVED } from "./lead-fields.js";

/** What whoever may import leads says of them besides. */
const ALLOWED: ReadonlySet<string> = new Set(["sourceId", "ownerId", "teamId"]);

/** The rows of a file go the way of every other channel: compared, made or added to, with a touchpoint, scored, given out. */
export const intakeOfLeads = (caller: Context): Intake => ({
  permission: "lead.capture",
  take: async (rows, { importId }) => {
    const issues = rows.flatMap((row, n) =>
      Object.keys(row)
        .filter((name) => RESERVED.has(name) && !ALLOWED.has(name) && row[name] != null)
        .map((name) => ({
          pointer: `/${n}/${name}`,
          code: "reserved",
          message: "is not taken in with a lead: leave the column out, or import with another mode",
        })),
    );
    if (issues.length > 0) throw ValidationFailed({ entity: "lead", issues });
    const ctx = caller.asSystem({
      capability: "leads.capture",
      reason: `lead capture by import ${importId}`,
    });
    for (let start = 0; start < rows.length; start += MAX_CAPTURES) {
      const some = rows.slice(start, start + MAX_CAPTURES);
      try {
        await captureLeads(
          ctx,
          some.map((values) => ({
            values: values as Partial<LeadInput>,
            touch: { channel: "import", details: { import: importId } },
          })),
        );
      } catch (error) {
        if (!isCormError(error) || !ValidationFailed.is(error)) throw error;
        // Its places are those of the leads that would have been made, which are not the rows.
        throw ValidationFailed({ entity: "captured leads", issues: error.issues }, { cause: error });
      }
    }
  },
});
