import type { ApprovalState, Approvals, Context } from "@corm/core";
import { submit } from "../actions/approve.js";
import { booksOf } from "../approvals/run.js";
import { approval } from "../entities/approval.js";

/** Core's port for plugins whose records want approval. */
export function approvalsOf(ctx: Context): Approvals {
  return {
    async submit(request) {
      const { id, state } = await ctx.run(submit, request);
      return { id, state: state as ApprovalState["state"] };
    },
    latest: (target, recordId) =>
      booksOf(ctx)
        .repo(approval)
        .first({
          where: { target, recordId },
          orderBy: ["-submittedAt", "-id"],
          select: ["id", "state"],
        }),
  };
}
