import type { JobHandle } from "../../context/jobs.js";
import type { Session } from "../../runtime/session.js";
import { qualityCheck } from "../entities/quality.js";

/** The job that looks at the records of one entity. */
export const qualityJob: JobHandle<{ readonly checkId: string }> = { name: "crm.checkQuality" };

/** Has the records of an entity looked at in the background, or answers the check that is under way. */
export async function beginCheck(
  session: Session,
  entity: string,
): Promise<{ readonly checkId: string; readonly isNew: boolean }> {
  const checks = session.repo(qualityCheck);
  const running = await checks.first({ where: { entity, state: { in: ["waiting", "running"] } } });
  if (running) return { checkId: running.id, isNew: false };
  const { id } = await checks.create({ entity });
  await session.jobs.enqueue(qualityJob, { checkId: id }, { concurrencyKey: entity });
  return { checkId: id, isNew: true };
}
