import type { Context } from "../../context/context.js";
import type { JobRun } from "../../jobs/define-job.js";
import type { EntityModel } from "../../model/entity-model.js";
import type { Session } from "../../runtime/session.js";
import { type QualityCheck, type QualityCheckInput, qualityCheck } from "../entities/quality.js";
import { InvalidQualityRule } from "../errors.js";
import { runSlices } from "../jobs/run-slices.js";
import { checkPage } from "./find-faults.js";
import { noteFindings } from "./note-findings.js";
import { type QualityRule, ruleProblems, rulesByEntity } from "./rules.js";

const RECORDS = 500;

/** Goes on with a check of quality. @param again makes the job that goes on */
export const runCheck = (
  ctx: Context,
  id: string,
  job: JobRun,
  again: (tx: Context) => Promise<unknown>,
): Promise<void> => runSlices(ctx, job, (session) => step(session, id), again);

/** Notes that a check has come to nothing. */
export async function failCheck(ctx: Context, id: string, error: unknown): Promise<void> {
  const problem =
    error instanceof Error ? error.message.slice(0, 2000) : "Something went wrong on this side.";
  const checks = (ctx as Session).outside().repo(qualityCheck);
  await checks.update(id, { state: "failed", problem, finishedAt: ctx.now() });
}

/** @returns whether the check is over */
async function step(session: Session, id: string): Promise<boolean> {
  const check = await session.repo(qualityCheck).first({ where: { id } });
  if (!check || (check.state !== "waiting" && check.state !== "running")) return true;
  const entity = session.runtime.composition.entities.get(check.entity);
  if (!entity) {
    const problem = `No plugin declares ${check.entity}.`;
    await write(session, check, { state: "failed", problem, finishedAt: session.now() });
    return true;
  }
  if (check.state === "waiting") {
    const total = await session.repo({ name: entity.name } as never).count();
    await write(session, check, { state: "running", total, runAt: session.now() });
    return false;
  }
  return session.atomically((tx) => checkSlice(tx, entity, check));
}

async function checkSlice(tx: Session, entity: EntityModel, check: QualityCheck): Promise<boolean> {
  const rules = (await rulesByEntity(tx)).get(entity.name) ?? [];
  for (const rule of rules) requireUsable(tx, rule);
  const twice = rules.find(({ name }, at) => rules.findIndex((rule) => rule.name === name) < at);
  if (twice)
    throw InvalidQualityRule({
      rule: twice.name,
      problems: [`${entity.name} has two rules of this name`],
    });
  const page = await checkPage(tx, entity, rules, check.cursor, RECORDS);
  const { found, closed } = await noteFindings(tx, entity, page);
  const done = check.done + page.ids.length;
  const isLast = page.ids.length < RECORDS;
  await write(tx, check, {
    done,
    total: Math.max(check.total, done),
    found: check.found + found,
    closed: check.closed + closed,
    ...(isLast
      ? { state: "finished", cursor: null, finishedAt: tx.now() }
      : { cursor: page.ids.at(-1) as string }),
  });
  return isLast;
}

/** @throws invalid-quality-rule: the entity may have changed since the rule was made */
export function requireUsable(session: Session, rule: QualityRule): void {
  const problems = ruleProblems(session, rule);
  if (problems.length > 0) throw InvalidQualityRule({ rule: rule.name, problems });
}

async function write(
  session: Session,
  { id, version }: QualityCheck,
  patch: Partial<QualityCheckInput>,
): Promise<void> {
  await session.repo(qualityCheck).update(id, patch, { version });
}
