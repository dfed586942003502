import type { EntityModel } from "../../model/entity-model.js";
import { MAX_LIMIT } from "../../repository/read.js";
import type { Session } from "../../runtime/session.js";
import { type QualityFinding, type QualityFindingInput, qualityFinding } from "../entities/quality.js";
import type { CheckedPage, Fault } from "./find-faults.js";

const CHUNK = 500;

type Known = Pick<
  QualityFinding,
  "id" | "recordId" | "rule" | "field" | "state" | "reason" | "kind" | "tellsOf"
>;

const keyOf = ({ recordId, rule, field }: Pick<Fault, "recordId" | "rule" | "field">): string =>
  JSON.stringify([recordId, rule, field]);

/**
 * Brings the findings about a page of records in step with what is wrong with them: what is new is noted, what is mended
 * closed, what is wrong again opened. Done twice, it changes nothing; what somebody has dismissed stays so while it holds.
 */
export async function noteFindings(
  tx: Session,
  entity: EntityModel,
  { ids, faults }: CheckedPage,
): Promise<{ readonly found: number; readonly closed: number }> {
  if (ids.length === 0) return { found: 0, closed: 0 };
  const findings = tx.repo(qualityFinding);
  const wrong = new Map(faults.map((fault) => [keyOf(fault), fault]));
  const now = tx.now();
  const patches: { id: string; patch: Partial<QualityFindingInput> }[] = [];
  let [found, closed] = [0, 0];
  const known = findings.stream({
    where: { entity: entity.name, recordId: { in: ids } },
    select: ["id", "recordId", "rule", "kind", "field", "state", "reason", "tellsOf"],
    limit: MAX_LIMIT,
  });
  for await (const finding of known) {
    const fault = wrong.get(keyOf(finding));
    wrong.delete(keyOf(finding));
    const patch = fault ? stillWrong(finding, fault, now) : mended(finding, now);
    if (!patch) continue;
    if (patch.state === "open") found += 1;
    if (patch.state === "closed") closed += 1;
    patches.push({ id: finding.id, patch });
  }
  const fresh = [...wrong.values()].map((fault) => ({ ...fault, entity: entity.name, foundAt: now }));
  for (let i = 0; i < fresh.length; i += CHUNK) await findings.createMany(fresh.slice(i, i + CHUNK));
  for (let i = 0; i < patches.length; i += CHUNK) await findings.updateMany(patches.slice(i, i + CHUNK));
  return { found: found + fresh.length, closed };
}

function stillWrong(known: Known, fault: Fault, now: string): Partial<QualityFindingInput> | undefined {
  const { kind, reason, tellsOf } = fault;
  if (known.state === "closed") return { kind, reason, tellsOf, state: "open", foundAt: now, closedAt: null };
  const same = known.kind === kind && known.reason === reason && known.tellsOf === tellsOf;
  return same ? undefined : { kind, reason, tellsOf };
}

function mended({ state }: Known, now: string): Partial<QualityFindingInput> | undefined {
  return state === "closed" ? undefined : { state: "closed", closedAt: now };
}
