import type { Context } from "../../context/context.js";
import { makeKeysOfNext } from "../../duplicates/make-keys.js";
import { noteAll } from "../../duplicates/pairs.js";
import { blockDigest, countLive, markReady } from "../../duplicates/ready.js";
import { activeRules, currentRules, forgetRules, rulesStamp } from "../../duplicates/rules.js";
import { countKeys, type SkippedKey, scanPairs } from "../../duplicates/scan-pairs.js";
import type { JobRun } from "../../jobs/define-job.js";
import type { EntityModel } from "../../model/entity-model.js";
import type { Session } from "../../runtime/session.js";
import { type DuplicateScan, type DuplicateScanInput, duplicateScan } from "../entities/duplicate-scan.js";
import { runSlices } from "../jobs/run-slices.js";
import { progressOf } from "./progress.js";
import { openPairs, reviewPairs } from "./review-pairs.js";

const RECORDS = 500;
const MOST_SKIPPED = 20;

type Patch = Partial<DuplicateScanInput>;

/** Goes on with a scan. @param again makes the job that goes on */
export const runScan = (
  ctx: Context,
  id: string,
  job: JobRun,
  again: (tx: Context) => Promise<unknown>,
): Promise<void> => runSlices(ctx, job, (session) => step(session, id), again);

/** Notes that a scan has come to nothing. */
export async function failScan(ctx: Context, id: string, error: unknown): Promise<void> {
  const problem =
    error instanceof Error ? error.message.slice(0, 2000) : "Something went wrong on this side.";
  const scans = (ctx as Session).outside().repo(duplicateScan);
  await scans.update(id, { state: "failed", problem, finishedAt: ctx.now() });
}

/** @returns whether the scan is over */
async function step(session: Session, id: string): Promise<boolean> {
  const scan = await session.repo(duplicateScan).first({ where: { id } });
  if (!scan || (scan.state !== "waiting" && scan.state !== "running")) return true;
  const entity = session.runtime.composition.entities.get(scan.entity);
  if (!entity) {
    await write(session, scan, { state: "failed", problem: `No plugin declares ${scan.entity}.` });
    return true;
  }
  if (scan.state === "waiting") return begin(session, entity, scan);
  if (scan.phase === "keys") return keys(session, entity, scan);
  return scan.phase === "pairs" ? pairs(session, entity, scan) : review(session, entity, scan);
}

async function write(session: Session, scan: DuplicateScan, patch: Patch): Promise<void> {
  const next = { ...scan, ...patch } as DuplicateScan;
  await session
    .repo(duplicateScan)
    .update(scan.id, { ...patch, ...progressOf(next, session.clock.now()) }, { version: scan.version });
}

const phase = (name: DuplicateScan["phase"], total: number, session: Session): Patch => ({
  phase: name,
  total,
  done: 0,
  cursor: null,
  phaseAt: session.now(),
});

const over = (session: Session): Patch => ({ state: "finished", finishedAt: session.now() });

async function begin(session: Session, entity: EntityModel, scan: DuplicateScan): Promise<boolean> {
  const rules = await currentRules(session, entity);
  const start: Patch = { state: "running", runAt: session.now() };
  if (!rules) {
    await write(session, scan, { ...start, ...over(session) });
    return true;
  }
  // A scan is no reason to make keys that are there.
  const first =
    scan.purpose === "rule" || rules.waiting.length > 0
      ? {
          ...phase("keys", await countLive(session, entity), session),
          rules: await rulesStamp(session, entity),
        }
      : phase("pairs", await countKeys(session, entity), session);
  await write(session, scan, { ...start, ...first });
  return false;
}

function keys(outer: Session, entity: EntityModel, scan: DuplicateScan): Promise<boolean> {
  return outer.atomically(async (session) => {
    const rules = await currentRules(session, entity);
    const made = rules
      ? await makeKeysOfNext(session, entity, rules, scan.cursor ?? undefined, RECORDS)
      : { last: undefined, count: 0 };
    const done = scan.done + made.count;
    if (made.count === RECORDS) {
      await write(session, scan, { cursor: made.last ?? null, done, total: Math.max(scan.total, done) });
      return false;
    }
    const stamp = await rulesStamp(session, entity);
    if (stamp !== scan.rules) {
      // Other rules than it began with: what they need was not kept all the while.
      await write(session, scan, { ...phase("keys", done, session), rules: stamp });
      return false;
    }
    await markReady(
      session,
      entity.name,
      (rules?.waiting ?? []).map((block) => blockDigest(session, block)),
    );
    session.scope?.committed.push(async () => forgetRules(session));
    const isOver = scan.purpose === "rule";
    const next = isOver
      ? { done, total: done, cursor: null, ...over(session) }
      : phase("pairs", await countKeys(session, entity), session);
    await write(session, scan, next);
    return isOver;
  });
}

async function pairs(session: Session, entity: EntityModel, scan: DuplicateScan): Promise<boolean> {
  const rules = (await currentRules(session, entity)) ?? activeRules(entity, []);
  const slice = await scanPairs(session, entity, rules, scan.cursor);
  await session.atomically(async (tx) => {
    const found = scan.found + (await noteAll(tx, entity, rules, slice.pairs));
    const done = scan.done + slice.rows;
    const skipped = {
      skippedKeys: scan.skippedKeys + slice.skipped.length,
      skipped: largest([...(scan.skipped as SkippedKey[]), ...slice.skipped]),
    };
    const next =
      slice.cursor === null
        ? phase("review", await openPairs(tx, entity), tx)
        : { cursor: slice.cursor, done, total: Math.max(scan.total, done) };
    await write(tx, scan, { found, ...skipped, ...next });
  });
  return false;
}

const largest = (skipped: readonly SkippedKey[]): { block: string; records: number }[] =>
  [...skipped].sort((a, b) => b.records - a.records).slice(0, MOST_SKIPPED);

async function review(session: Session, entity: EntityModel, scan: DuplicateScan): Promise<boolean> {
  const rules = (await currentRules(session, entity)) ?? activeRules(entity, []);
  return session.atomically(async (tx) => {
    const { last, count, closed } = await reviewPairs(tx, entity, rules, scan.cursor);
    const done = scan.done + count;
    const patch = { closed: scan.closed + closed, done, total: Math.max(scan.total, done) };
    await write(
      tx,
      scan,
      last === null ? { ...patch, cursor: null, ...over(tx) } : { ...patch, cursor: last },
    );
    return last === null;
  });
}
