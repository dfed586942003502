import Type from "typebox";
import { defineAction } from "../../actions/define-action.js";
import { InvalidQuery } from "../../errors/core-errors.js";
import type { Session } from "../../runtime/session.js";
import { qualityCheck } from "../entities/quality.js";
import { beginCheck } from "../quality/begin-check.js";

const system = (ctx: { asSystem: Session["asSystem"] }, reason: string) =>
  ctx.asSystem({ capability: "crm.quality", reason }) as Session;

/** `POST /api/quality-checks/start`: looks at all records of an entity now, in the background. */
export const startCheck = defineAction({
  name: "start",
  on: qualityCheck,
  collection: true,
  label: "Check quality",
  description:
    "Looks at all records of an entity by the rules of quality, and notes what they flag as qualityFinding. Answers the check that is under way where there is one.",
  input: Type.Object({ entity: Type.String({ minLength: 1, maxLength: 48 }) }),
  output: Type.Object({ checkId: Type.String({ format: "uuid" }), isNew: Type.Boolean() }),
  run: async ({ input: { entity } }, ctx) => {
    const session = ctx as Session;
    const model = session.runtime.composition.entities.get(entity);
    if (!model || model.internal) throw InvalidQuery({ reason: `There is no entity "${entity}".` });
    session.require(session.entity(entity), "read");
    return beginCheck(system(session, `check of the quality of ${entity}`), entity);
  },
});

/** `POST /api/quality-checks/{id}/cancel`: it ends before its next slice; what it has found stays. */
export const cancelCheck = defineAction({
  name: "cancel",
  on: qualityCheck,
  label: "Stop checking quality",
  description: "The check ends before its next slice. What it has found stays.",
  input: Type.Object({}),
  output: Type.Object({ state: Type.String() }),
  run: async ({ record }, ctx) => {
    if (record.state !== "waiting" && record.state !== "running") return { state: record.state };
    await system(ctx as Session, "cancel a check of quality")
      .repo(qualityCheck)
      .update(record.id, { state: "cancelled", finishedAt: ctx.now() });
    return { state: "cancelled" };
  },
});
