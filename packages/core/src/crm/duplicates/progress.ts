import type { DuplicateScan } from "../entities/duplicate-scan.js";

type Progress = Pick<DuplicateScan, "percent" | "rowsPerSecond" | "remainingSeconds">;

/** Where each phase begins and ends, in per cent of the whole. */
const SPANS = {
  scan: { keys: [0, 40], pairs: [40, 95], review: [95, 100] },
  rule: { keys: [0, 100], pairs: [0, 100], review: [0, 100] },
} as const;

/** How far a scan has come, and how fast, at an instant in epoch milliseconds. */
export function progressOf(
  scan: Pick<DuplicateScan, "purpose" | "phase" | "state" | "done" | "total" | "runAt" | "phaseAt" | "rules">,
  now: number,
): Progress {
  if (scan.state === "finished") return { percent: 100, rowsPerSecond: rate(scan, now), remainingSeconds: 0 };
  const [from, to] = SPANS[scan.purpose][scan.phase];
  // Without keys to make, it begins with the comparing.
  const start = scan.rules === null && scan.phase === "pairs" ? 0 : from;
  const part = scan.total > 0 ? Math.min(1, scan.done / scan.total) : 0;
  const exact = start + part * (to - start);
  const elapsed = scan.runAt ? now - Date.parse(scan.runAt) : 0;
  return {
    percent: Math.min(99, Math.floor(exact)),
    rowsPerSecond: rate(scan, now),
    remainingSeconds: exact > 0 && elapsed > 0 ? Math.ceil((elapsed * (100 - exact)) / exact / 1000) : null,
  };
}

function rate({ phaseAt, done }: Pick<DuplicateScan, "phaseAt" | "done">, now: number): number | null {
  const elapsed = phaseAt ? now - Date.parse(phaseAt) : 0;
  return elapsed > 0 && done > 0 ? Math.round((done / elapsed) * 1000) : null;
}
