import {
  type Context,
  defineRoute,
  escapeHtml,
  isCormError,
  type RouteAccess,
  type RouteDefinition,
} from "@corm/core";
import { approve, reject } from "../actions/approve.js";
import { openVote } from "../approvals/open-vote.js";
import { booksOf } from "../approvals/run.js";
import { readVoteLink, type VoteLink } from "../approvals/vote-link.js";
import { principalSession } from "../automations/principal.js";

const PATH = "/public/approvals/:token";
const WORDS = { approve: "Approve", reject: "Reject" } as const;
const DONE = { approve: "Approved.", reject: "Rejected." } as const;

/** Pages behind the links in mails. Looking changes nothing: mail programs look at links before people do. */
export const approvalLinks: readonly RouteDefinition[] = [
  defineRoute({
    method: "GET",
    path: PATH,
    permission: "public",
    summary: "Asks whether to approve or reject, as a link in a mail says",
    produces: "text/html",
    handle: async ({ params }, access) => {
      const opened = await open(params["token"] ?? "", access);
      if (!opened) return over();
      const { link, title } = opened;
      return page(
        200,
        `${WORDS[link.verb]}: ${title}`,
        `<form method="post"><label>Comment<br><textarea name="comment" maxlength="2000" rows="4" cols="40"></textarea></label>
<p><button type="submit">${WORDS[link.verb]}</button></p></form>`,
      );
    },
  }),
  defineRoute({
    method: "POST",
    path: PATH,
    permission: "public",
    summary: "Approves or rejects, as a link in a mail says: once",
    produces: "text/html",
    maxBody: 20_000,
    handle: async ({ params, raw }, access) => {
      const opened = await open(params["token"] ?? "", access);
      if (!opened) return over();
      const { link, ctx, approvalId, approverId } = opened;
      const comment = new URLSearchParams(await raw.text()).get("comment")?.trim().slice(0, 2000);
      try {
        await booksOf(ctx).transaction(async (tx) => {
          // With the rights that he has himself by now, and no others.
          const session = await principalSession(tx, "approval by mail", { userId: approverId });
          const action = link.verb === "approve" ? approve : reject;
          await session.run(action, comment ? { comment } : {}, { id: approvalId });
        });
      } catch (error) {
        if (!isCormError(error) || error.status >= 500) throw error;
        return error.code === "approval-over" || error.code === "not-an-approver"
          ? over()
          : page(error.status, "It could not be done", `<p>${escapeHtml(error.message)}</p>`);
      }
      return page(200, DONE[link.verb], "<p>You can close this page.</p>");
    },
  }),
];

interface Opened {
  readonly link: VoteLink;
  readonly ctx: Context;
  readonly title: string;
  readonly approvalId: string;
  readonly approverId: string;
}

async function open(token: string, access: RouteAccess): Promise<Opened | undefined> {
  const link = readVoteLink(access.tokens, token);
  if (!link) return undefined;
  const ctx = access.forTenant(link.tenant);
  const found = await openVote(booksOf(ctx), link.voteId);
  return (
    found && {
      link,
      ctx,
      title: found.title,
      approvalId: found.current.id,
      approverId: found.vote.approverId,
    }
  );
}

/** The same for what is forged, too old, answered, and decided without him: nobody learns which. */
const over = () =>
  page(
    404,
    "This link does not hold",
    "<p>It was used, is too old, or the answer is not needed any more.</p>",
  );

function page(status: number, title: string, body: string): Response {
  const safe = escapeHtml(title);
  return new Response(
    `<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><meta name="robots" content="noindex"><title>${safe}</title></head><body><h1>${safe}</h1>${body}</body></html>`,
    {
      status,
      headers: {
        "content-type": "text/html; charset=utf-8",
        "cache-control": "no-store",
        "referrer-policy": "no-referrer",
        "content-security-policy": "default-src 'none'; form-action 'self'; frame-ancestors 'none'",
        "x-content-type-options": "nosniff",
      },
    },
  );
}
