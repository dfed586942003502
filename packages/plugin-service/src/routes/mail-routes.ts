import { defineRoute, NotFound, type RouteDefinition } from "@corm/core";
import { mailReceipt, receiveEmail } from "../actions/receive-email.js";
import { ticketMessage } from "../entities/ticket-message.js";
import { MailTypeUnsupported, OriginalMissing } from "../errors.js";
import { originalOf } from "../mail/store-message.js";
import { isId } from "../services/ids.js";

/** Beyond this not even the beginning of a mail is kept. */
const MAX_BODY = 256 * 1024 * 1024;
const MAIL_TYPES = ["message/rfc822", "message/global", "application/octet-stream"];

/** Mail in, and the original of a mail out. */
export function mailRoutes(options: { readonly maxMailBytes: number }): readonly RouteDefinition[] {
  return [
    defineRoute({
      method: "POST",
      path: "/api/inbound-mail/:mailbox",
      permission: "ticket.receiveEmail",
      summary:
        "Take in a mail as it is (message/rfc822), delivered to this address; ?sender= is SMTP's MAIL FROM, empty for a bounce",
      response: mailReceipt,
      maxBody: MAX_BODY,
      handle: async ({ params, query, headers, raw }, { ctx }) => {
        const type = (headers.get("content-type") ?? "").split(";")[0]?.trim().toLowerCase() ?? "";
        if (!MAIL_TYPES.includes(type)) throw MailTypeUnsupported({ given: type.slice(0, 100) });
        // One byte more than is taken shows that it was too long.
        const bytes = await readAtMost(raw, options.maxMailBytes + 1);
        const receipt = await ctx.run(receiveEmail, {
          raw: bytes.toString("base64"),
          encoding: "base64",
          mailbox: params["mailbox"] ?? "",
          ...(query.has("sender") ? { envelopeSender: query.get("sender") ?? "" } : {}),
        });
        return Response.json(receipt, { status: receipt.outcome === "opened" ? 201 : 200 });
      },
    }),
    defineRoute({
      method: "GET",
      path: "/api/ticket-messages/:id/original",
      permission: "ticketMessage.original",
      summary: "The mail as it came, byte for byte",
      produces: "message/rfc822",
      handle: async ({ params }, { ctx }) => {
        const id = params["id"] ?? "";
        if (!isId(id)) throw NotFound({ entity: ticketMessage.name, id: id.slice(0, 64) });
        // By the caller's own rights: who may not see the message does not see its original.
        const message = await ctx.repo(ticketMessage).get(id);
        const pieces: Buffer[] = [];
        const system = ctx.asSystem({ capability: "service.mail", reason: "original of a message" });
        for await (const piece of originalOf(system, message.id)) pieces.push(piece);
        if (pieces.length === 0) throw OriginalMissing({ id: message.id });
        return new Response(new Uint8Array(Buffer.concat(pieces)), {
          headers: {
            "content-type": "message/rfc822",
            "content-disposition": `attachment; filename="${message.id}.eml"`,
            "content-security-policy": "sandbox; default-src 'none'",
          },
        });
      },
    }),
  ];
}

/** The beginning of a body. What follows is read and dropped, so that the sender gets to hear the answer. */
async function readAtMost(request: Request, limit: number): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of (request.body ?? []) as AsyncIterable<Uint8Array>) {
    if (length >= limit) continue;
    const kept = chunk.subarray(0, limit - length);
    chunks.push(kept);
    length += kept.byteLength;
  }
  return Buffer.concat(chunks, length);
}
