import { defineJob, mailPort, Type, user } from "@corm/core";
import { openVote } from "../approvals/open-vote.js";
import { ASK_BY_MAIL, voteUrl } from "../approvals/vote-link.js";
import { StepFailed } from "../errors.js";
import { settingsOf } from "../services/settings.js";

/** Writes to somebody who is asked, with links by which he answers. */
export const askByMail = defineJob(ASK_BY_MAIL.name, {
  input: Type.Object({ voteId: Type.String() }),
  capability: "workflow.approvals",
  run: async (ctx, { voteId }, { id }) => {
    const { publicUrl, mailFrom } = settingsOf(ctx);
    const port = ctx.optional(mailPort);
    const found = await openVote(ctx, voteId);
    if (!found || !port || publicUrl === undefined || mailFrom === undefined) return;
    const { vote, current, title } = found;
    const person = await ctx.repo(user).get(vote.approverId);
    if (!person.active || person.email === null) return;
    const link = (verb: "approve" | "reject") =>
      voteUrl(ctx.tokens, publicUrl, { tenant: ctx.tenant, voteId, verb }, ctx.clock.now());
    const step = current.pinned.steps[current.step]?.name ?? "";
    const receipt = await port.send({
      messageId: `approval-${id}@${mailFrom.address.split("@")[1]}`,
      from: { name: mailFrom.name ?? "", address: mailFrom.address },
      to: { name: plain(person.name), address: person.email },
      replyTo: null,
      subject: plain(`Approval: ${title}`).slice(0, 200),
      text: [
        `${plain(title)} waits for your answer (${plain(step)}).`,
        ...(current.comment === null ? [] : ["", current.comment]),
        "",
        `Approve: ${link("approve")}`,
        `Reject:  ${link("reject")}`,
        "",
        "Each link opens a page that asks once more. They hold for 14 days, and until you have answered.",
      ].join("\n"),
      html: null,
      headers: { "Auto-Submitted": "auto-generated" },
    });
    if (receipt.outcome === "later") throw StepFailed({ step: "approval mail", reason: receipt.detail });
  },
});

/** A header has no line breaks. */
const plain = (text: string): string => text.replace(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, " ").trim();
