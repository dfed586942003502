import type { Context } from "@corm/core";
import { targetOf } from "../assignment/target.js";
import { type Approval, type ApprovalVote, approval, approvalVote } from "../entities/approval.js";

export interface OpenVote {
  readonly vote: ApprovalVote;
  readonly current: Approval;
  /** Of the record, for people. */
  readonly title: string;
}

/** A vote that is still to be given, in the present round; undefined where it is not any more. */
export async function openVote(books: Context, voteId: string): Promise<OpenVote | undefined> {
  const vote = (await books.repo(approvalVote).first({ where: { id: voteId } })) as ApprovalVote | null;
  if (vote?.decision !== "pending") return undefined;
  const current = (await books.repo(approval).get(vote.approvalId)) as Approval;
  if (current.state !== "pending" || current.round !== vote.round) return undefined;
  const { target, recordId } = current;
  const row = await targetOf(books, target).first({ where: { id: recordId } as never });
  const label = books.catalog.entities.get(target)?.label ?? target;
  const name = row?.["name"] ?? row?.["title"] ?? row?.["subject"] ?? row?.["number"] ?? row?.["lastName"];
  return { vote, current, title: typeof name === "string" ? `${label} ${name}` : label };
}
