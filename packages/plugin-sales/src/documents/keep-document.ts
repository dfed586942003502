import { attachment, attachments, defineJob, type JobDefinition, type JobHandle, Type } from "@corm/core";
import { contract } from "../entities/contract.js";
import { type QuoteDocument, quote } from "../entities/quote.js";
import { quotePage } from "../routes/quote-page.js";
import type { PdfPrinter } from "./pdf.js";
import { isUnprintable, printContract, printQuote } from "./print.js";

interface Kept {
  readonly entity: "quote" | "contract";
  readonly id: string;
}

export const KEEP_DOCUMENT: JobHandle<Kept> = { name: "sales.keepDocument" };

interface Document {
  readonly name: string;
  readonly ownerId: string | null;
  readonly print: () => Promise<Uint8Array>;
  readonly html: string;
}

/**
 * Keeps what was sent, or agreed, as a file of its record: once, also where the job runs again. What cannot be printed here
 * is kept as HTML.
 */
export const keepDocument = (printer: () => Promise<PdfPrinter>): JobDefinition<Kept> =>
  defineJob(KEEP_DOCUMENT.name, {
    input: Type.Object({ entity: Type.Enum(["quote", "contract"]), id: Type.String() }),
    capability: "sales.quotes",
    run: async (ctx, { entity, id }, job) => {
      const read = async (): Promise<Document | null> => {
        if (entity === contract.name) {
          const found = await ctx.repo(contract).first({ where: { id } });
          if (!found) return null;
          const { number, ownerId, html } = found;
          return { name: number, ownerId, html, print: () => printContract(printer, found) };
        }
        const found = await ctx.repo(quote).first({ where: { id } });
        if (!found?.document || !found.documentHash) return null;
        const { document, documentHash: hash, number, revision, ownerId } = found;
        const html = quotePage({
          ...{ document: document as QuoteDocument, hash, status: "document" },
          ...{ expired: false, action: "" },
        });
        return { name: `${number}-${revision}`, ownerId, html, print: () => printQuote(printer, found) };
      };
      const found = await read();
      if (!found) return;
      const file = await found.print().catch((error) => {
        if (isUnprintable(error)) return null;
        throw error;
      });
      const kept =
        file === null
          ? { name: `${found.name}.html`, contentType: "text/html", bytes: Buffer.from(found.html) }
          : { name: `${found.name}.pdf`, contentType: "application/pdf", bytes: file };
      const where = { entity, recordId: id, name: kept.name };
      if (await ctx.repo(attachment).first({ where, select: ["id"] })) return;
      const service = ctx.service(attachments);
      const uploaded = await service.upload(kept);
      await ctx.transaction(async (tx) => {
        const made = await tx.service(attachments).attach({ entity: { name: entity }, id }, uploaded);
        if (found.ownerId !== null) await tx.repo(attachment).update(made.id, { ownerId: found.ownerId });
        await job.complete(tx);
      });
    },
  });
