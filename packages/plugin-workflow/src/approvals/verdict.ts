import type { ApprovalStep } from "../entities/approval-process.js";

export type Verdict = "approved" | "rejected" | "open";

/** What the votes of a step come to. Pure. */
export function verdictOf(
  { mode, quorum = 1 }: Pick<ApprovalStep, "mode" | "quorum">,
  votes: readonly ("pending" | "approved" | "rejected")[],
): Verdict {
  const count = (decision: string) => votes.filter((vote) => vote === decision).length;
  const [yes, no] = [count("approved"), count("rejected")];
  if (mode === "first") return yes > 0 ? "approved" : no > 0 ? "rejected" : "open";
  const needed = mode === "unanimous" ? votes.length : Math.min(quorum, votes.length);
  if (yes >= needed) return "approved";
  return votes.length - no < needed ? "rejected" : "open";
}
