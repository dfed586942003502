import { type Context, consents, defineRoute, type RouteAccess, type RouteDefinition } from "@corm/core";
import { subscriptionTopic } from "../entities/subscription-topic.js";
import { LinkInvalid } from "../errors.js";
import { readUnsubscribeToken, type UnsubscribeLink } from "../mail/unsubscribe-token.js";
import { confirmPage, donePage, htmlResponse } from "./unsubscribe-page.js";

const path = "/public/unsubscribe/:token";

/** Where links in messages lead. Changes nothing: mail scanners open every link. */
const show: RouteDefinition = defineRoute({
  method: "GET",
  path,
  permission: "public",
  summary: "Page that asks whether to unsubscribe",
  produces: "text/html",
  handle: async ({ params }, access) => {
    const { link, ctx } = open(params["token"], access);
    const topic = await topicName(ctx, link.topic);
    const decision = await ctx.service(consents).canSend(questionOf(link));
    const done = decision.reason === "withdrawn";
    return htmlResponse(done ? donePage(link.address, topic) : confirmPage(link.address, topic));
  },
});

/** One click (RFC 8058), sent by mail programs, or the button of the page. The same answer however often. */
const unsubscribe: RouteDefinition = defineRoute({
  method: "POST",
  path,
  permission: "public",
  summary: "Unsubscribes with one click",
  produces: "text/html",
  handle: async ({ params, query }, access) => {
    const { link, ctx } = open(params["token"], access);
    const how =
      query.get("via") === "page" ? "confirmed on the unsubscribe page" : "one-click unsubscribe (RFC 8058)";
    await withdraw(ctx, link, how);
    return htmlResponse(donePage(link.address, await topicName(ctx, link.topic)));
  },
});

function open(
  token: string | undefined,
  access: RouteAccess,
): { readonly link: UnsubscribeLink; readonly ctx: Context } {
  const link = readUnsubscribeToken(access.tokens, token ?? "");
  if (!link) throw LinkInvalid({});
  return {
    link,
    ctx: access
      .forTenant(link.tenant)
      .asSystem({ capability: "marketing.unsubscribe", reason: "unsubscribe link" }),
  };
}

function withdraw(ctx: Context, link: UnsubscribeLink, how: string): Promise<void> {
  return ctx.transaction(async (tx) => {
    const ledger = tx.service(consents);
    const { reason } = await ledger.canSend(questionOf(link));
    if (reason === "withdrawn") return;
    await ledger.record({
      channel: "email",
      address: link.address,
      topic: link.topic,
      decision: "withdrawn",
      evidence: `${how}, link of delivery ${link.delivery}`,
    });
  });
}

const questionOf = ({ address, topic }: UnsubscribeLink) => ({ channel: "email", address, topic }) as const;

async function topicName(ctx: Context, key: string): Promise<string> {
  const found = await ctx
    .repo(subscriptionTopic)
    .first({ where: { key }, select: ["name"], withDeleted: true });
  return found?.name ?? key;
}

export const unsubscribeRoutes: readonly RouteDefinition[] = [show, unsubscribe];
