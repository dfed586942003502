import { defineRoute, NotFound, type RouteDefinition, type RouteRequest } from "@corm/core";
import type { PdfPrinter } from "../documents/pdf.js";
import { printContract, printQuote } from "../documents/print.js";
import { contract } from "../entities/contract.js";
import { quote } from "../entities/quote.js";
import { QuoteNotOpen } from "../errors.js";
import { QUOTE_PAGE_HEADERS, quotePage } from "./quote-page.js";

/** Documents as files, for whoever may read the record. */
export function documentRoutes(printer: () => Promise<PdfPrinter>): readonly RouteDefinition[] {
  return [
    defineRoute({
      method: "GET",
      path: "/api/quotes/:id/document",
      permission: "quote.document",
      produces: "application/pdf",
      summary: "The document of a quote that was sent: as PDF, or as HTML (format=html)",
      handle: async (request, { ctx }) => {
        const found = await read(ctx.repo(quote), request, quote.name);
        const { document, documentHash, number, status } = found;
        if (document === null || documentHash === null) throw QuoteNotOpen({ number, status });
        if (asHtml(request))
          return new Response(
            quotePage({ document, hash: documentHash, status: "document", expired: false, action: "" }),
            { headers: { ...QUOTE_PAGE_HEADERS, ...PRIVATE } },
          );
        return pdf(await printQuote(printer, found), number);
      },
    }),
    defineRoute({
      method: "GET",
      path: "/api/contracts/:id/document",
      permission: "contract.document",
      produces: "application/pdf",
      summary: "The document of a contract: as PDF, or as HTML (format=html)",
      handle: async (request, { ctx }) => {
        const found = await read(ctx.repo(contract), request, contract.name);
        if (asHtml(request))
          return new Response(found.html, { headers: { ...CONTRACT_HEADERS, ...PRIVATE } });
        return pdf(await printContract(printer, found), found.number);
      },
    }),
  ];
}

const PRIVATE = { "cache-control": "private, no-store", "x-content-type-options": "nosniff" } as const;
/** Documents are looked at and do nothing. Styles of their template are their own. */
const CONTRACT_HEADERS = {
  "content-type": "text/html; charset=utf-8",
  "content-security-policy":
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; sandbox; base-uri 'none'; frame-ancestors 'none'",
} as const;

async function read<Row>(
  repository: { get(id: string): Promise<Row> },
  { params }: RouteRequest,
  entity: string,
): Promise<Row> {
  const id = params["id"] ?? "";
  if (!/^[0-9a-f-]{36}$/i.test(id)) throw NotFound({ entity, id: id.slice(0, 64) });
  return repository.get(id);
}

const asHtml = ({ query }: RouteRequest): boolean => query.get("format") === "html";

const pdf = (file: Uint8Array, name: string): Response =>
  new Response(file as Uint8Array<ArrayBuffer>, {
    headers: {
      ...PRIVATE,
      "content-type": "application/pdf",
      "content-disposition": `inline; filename="${name}.pdf"`,
    },
  });
