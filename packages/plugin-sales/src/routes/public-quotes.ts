import {
  type Context,
  defineRoute,
  isCormError,
  NotFound,
  type RouteAccess,
  type RouteDefinition,
  type RouteRequest,
  Type,
  ValidationFailed,
} from "@corm/core";
import type { PdfPrinter } from "../documents/pdf.js";
import { canPrint, printQuote } from "../documents/print.js";
import { type Quote, type QuoteDocument, quote } from "../entities/quote.js";
import { QuoteExpired, QuoteNotOpen, QuoteSeenOther } from "../errors.js";
import { decideQuote, isExpired } from "../quotes/decide.js";
import { readQuoteToken } from "../quotes/link.js";
import { QUOTE_PAGE_HEADERS, type QuotePage, quotePage } from "./quote-page.js";

const answer = Type.Object({
  decision: Type.Enum(["accept", "decline"]),
  /** Of the document that was seen. */
  hash: Type.String({ maxLength: 64 }),
  /** Who answers. Needed to accept. */
  name: Type.Optional(Type.String({ maxLength: 200 })),
  reason: Type.Optional(Type.String({ maxLength: 2000 })),
});

/** The customer's side of a quote: behind a signed link, with no account and no script. */
export const publicQuotes = (printer: () => Promise<PdfPrinter>): readonly RouteDefinition[] => [
  defineRoute({
    method: "GET",
    path: "/public/quotes/:token",
    permission: "public",
    summary: "A quote for its customer: as JSON, or as a page for people (Accept: text/html)",
    handle: async (request, access) => {
      const { record, ctx } = await findQuote(request, access);
      return show(printer, request, 200, record, ctx);
    },
  }),
  defineRoute({
    method: "GET",
    path: "/public/quotes/:token/pdf",
    permission: "public",
    produces: "application/pdf",
    summary: "The document of a quote as its customer was sent it, as PDF",
    handle: async (request, access) => {
      const { record } = await findQuote(request, access);
      const file = await printQuote(printer, record);
      return reply(200, file as Uint8Array<ArrayBuffer>, {
        "content-type": "application/pdf",
        "content-disposition": `inline; filename="${record.number}-${record.revision}.pdf"`,
      });
    },
  }),
  defineRoute({
    method: "POST",
    path: "/public/quotes/:token",
    permission: "public",
    summary: "Accept or decline a quote, as JSON or form-encoded",
    body: answer,
    maxBody: 16_384,
    handle: async (request, access) => {
      const { record, ctx } = await findQuote(request, access);
      const { decision, hash, reason } = request.body;
      const by = request.body.name?.trim() ?? "";
      const page = wantsPage(request.headers);
      if (decision === "accept" && by === "") {
        if (page) return show(printer, request, 422, record, ctx, "required");
        const issue = { pointer: "/name", code: "required", message: "is needed to accept" };
        throw ValidationFailed({ entity: "body", issues: [issue] });
      }
      const from = request.clientAddress ?? null;
      try {
        const decided = await decideQuote(ctx, record.id, {
          decision,
          by,
          from,
          hash,
          reason: reason ?? null,
        });
        // The page is got anew, so that going back or reloading posts nothing twice.
        if (page) return seeOther(request);
        return json(200, stateOf(decided, ctx));
      } catch (error) {
        if (!page || !isCormError(error)) throw error;
        if (QuoteSeenOther.is(error)) return show(printer, request, 409, record, ctx, "changed");
        if (QuoteExpired.is(error) || QuoteNotOpen.is(error)) return show(printer, request, 409, record, ctx);
        throw error;
      }
    },
  }),
];

async function findQuote(
  { params }: RouteRequest,
  access: RouteAccess,
): Promise<{ ctx: Context; record: Quote }> {
  const ticket = readQuoteToken(access.tokens, params["token"] ?? "");
  const missing = NotFound({ entity: "quote", id: "of this link" });
  if (!ticket) throw missing;
  const ctx = access.forTenant(ticket.tenant);
  const record = await ctx
    .asSystem({ capability: "sales.quotes", reason: "a customer's link" })
    .repo(quote)
    .first({ where: { id: ticket.quoteId } });
  if (!record?.documentHash?.startsWith(ticket.hashStart)) throw missing;
  return { ctx, record };
}

async function show(
  printer: () => Promise<PdfPrinter>,
  request: RouteRequest,
  status: number,
  record: Quote,
  ctx: Context,
  problem?: QuotePage["problem"],
): Promise<Response> {
  if (!wantsPage(request.headers)) return json(status, stateOf(record, ctx));
  const action = new URL(request.raw.url).pathname;
  const html = quotePage({
    document: record.document as QuoteDocument,
    hash: record.documentHash as string,
    status: record.status,
    expired: isExpired(record, ctx.clock.now()),
    action,
    ...((await canPrint(printer, record)) ? { pdf: `${action}/pdf` } : {}),
    ...(problem ? { problem } : {}),
  });
  return reply(status, html, QUOTE_PAGE_HEADERS);
}

const stateOf = (record: Quote, ctx: Context) => ({
  status: isExpired(record, ctx.clock.now()) ? "expired" : record.status,
  validUntil: record.validUntil,
  hash: record.documentHash,
  decidedAt: record.decidedAt,
  decidedBy: record.decidedBy,
  document: record.document,
});

/** People's browsers ask for HTML by name; programs do not. */
function wantsPage(headers: Headers): boolean {
  const accept = headers.get("accept")?.toLowerCase() ?? "";
  const html = accept.indexOf("text/html");
  const other = accept.indexOf("application/json");
  return html >= 0 && (other < 0 || html < other);
}

function seeOther(request: RouteRequest): Response {
  return reply(303, null, { location: new URL(request.raw.url).pathname });
}

const json = (status: number, body: unknown): Response =>
  reply(status, JSON.stringify(body), { "content-type": "application/json; charset=utf-8" });

function reply(
  status: number,
  body: string | Uint8Array<ArrayBuffer> | null,
  headers: Readonly<Record<string, string>>,
): Response {
  return new Response(body, {
    status,
    headers: {
      ...headers,
      "cache-control": "no-store",
      vary: "accept",
      "x-content-type-options": "nosniff",
      // The address of the page is the key to the quote.
      "referrer-policy": "no-referrer",
    },
  });
}
