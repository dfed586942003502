import Type from "typebox";
import { defineAction } from "../../actions/define-action.js";
import { InvalidQuery } from "../../errors/core-errors.js";
import type { Session } from "../../runtime/session.js";
import { duplicateScan } from "../entities/duplicate-scan.js";
import { scanDuplicates } from "../jobs/duplicate-jobs.js";

const system = (ctx: { asSystem: Session["asSystem"] }, reason: string) =>
  ctx.asSystem({ capability: "crm.duplicates", reason }) as Session;

/** `POST /api/duplicate-scans/start`: looks through all records of an entity, in the background. */
export const startScan = defineAction({
  name: "start",
  on: duplicateScan,
  collection: true,
  label: "Look for duplicates",
  description:
    "Compares all records of an entity by the rules of the tenant, and notes what matches as duplicatePair. Answers the scan that is under way where there is one.",
  input: Type.Object({ entity: Type.String({ minLength: 1, maxLength: 48 }) }),
  output: Type.Object({ scanId: Type.String({ format: "uuid" }), isNew: Type.Boolean() }),
  run: async ({ input: { entity } }, ctx) => {
    const session = ctx as Session;
    const model = session.runtime.composition.entities.get(entity);
    if (!model || model.internal) throw InvalidQuery({ reason: `There is no entity "${entity}".` });
    session.require(session.entity(entity), "read");
    const books = system(session, `scan of ${entity} for duplicates`);
    const scans = books.repo(duplicateScan);
    const running = await scans.first({
      where: { entity, purpose: "scan", state: { in: ["waiting", "running"] } },
    });
    if (running) return { scanId: running.id, isNew: false };
    const { id } = await scans.create({ entity });
    await books.jobs.enqueue(scanDuplicates, { scanId: id }, { concurrencyKey: entity });
    return { scanId: id, isNew: true };
  },
});

/** `POST /api/duplicate-scans/{id}/cancel`: it ends before its next slice; what it has found stays. */
export const cancelScan = defineAction({
  name: "cancel",
  on: duplicateScan,
  label: "Stop looking for duplicates",
  description: "The scan ends before its next slice. What it has found stays.",
  input: Type.Object({}),
  output: Type.Object({ state: Type.String() }),
  run: async ({ record }, ctx) => {
    const isOver = record.state !== "waiting" && record.state !== "running";
    if (record.purpose === "rule")
      throw InvalidQuery({ reason: "A rule waits for this: switch the rule off instead." });
    if (isOver) return { state: record.state };
    await system(ctx as Session, "cancel a scan for duplicates")
      .repo(duplicateScan)
      .update(record.id, { state: "cancelled", finishedAt: ctx.now(), remainingSeconds: null });
    return { state: "cancelled" };
  },
});
