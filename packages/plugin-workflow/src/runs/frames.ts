import type { Static } from "@corm/core";
import type { frame } from "../entities/workflow-run.js";

export type Frame = Static<typeof frame>;

/** Which step, and in which turns of the loops around it: `3.17.0`. */
export function stepKey(frames: readonly Frame[]): string {
  return frames.map(({ at, each }) => (each ? `${each.count + each.at}.${at}` : String(at))).join(".");
}

/** One step further in the innermost list. */
export function stepOn(frames: readonly Frame[]): Frame[] {
  const last = frames.at(-1);
  return last ? [...frames.slice(0, -1), { ...last, at: last.at + 1 }] : [];
}
