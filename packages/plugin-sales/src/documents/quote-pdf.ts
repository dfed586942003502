import { formatMoney, type Money } from "@corm/core";
import type { QuoteDocument } from "../entities/quote.js";
import { documentWords } from "../quotes/words.js";
import type { PdfContent, PdfPrinter } from "./pdf.js";

/** A quote as a file. */
export function quotePdf(printer: PdfPrinter, document: QuoteDocument, hash: string): Promise<Uint8Array> {
  const words = documentWords(document.language);
  const money = (amount: Money): string => formatMoney(amount, document.language);
  const cell = (value: string, rest: object = {}): PdfContent => ({
    text: [...printer.text(value)],
    ...rest,
  });
  const right = (value: string, rest: object = {}): PdfContent =>
    cell(value, { alignment: "right", noWrap: true, ...rest });
  const bold = { bold: true };
  const { customer, seller, terms } = document;
  const facts: [string, string][] = [
    [words.for, [customer.account, customer.contact].filter(Boolean).join(", ")],
    [words.revision, document.revision > 1 ? String(document.revision) : ""],
    [words.date, document.sentOn],
    [words.validUntil, document.validUntil],
  ];
  const columns = [words.quantity, words.unitPrice, words.discount, words.amount];
  const rows = document.lines.map((line) => {
    const options = line.options.map(({ name, quantity }) => `${quantity} × ${name}`).join(", ");
    const discounts = [
      line.discountPercent ? `${line.discountPercent} %` : "",
      line.discountAmount ? money(line.discountAmount) : "",
    ].filter(Boolean);
    const description: PdfContent[] = [cell(line.description)];
    if (options) description.push(cell(options, { fontSize: 8, color: "#555555" }));
    return [
      { stack: description },
      right(line.quantity),
      right(money(line.unitPrice)),
      right(discounts.join(" + ")),
      right(money(line.net)),
    ];
  });
  const sums: PdfContent[][] = [[cell(words.subtotal), right(money(document.subtotal))]];
  if (Number(document.discountTotal.amount) !== 0)
    sums.push([cell(words.discount), right(money(document.discountTotal))]);
  for (const { rate, tax } of document.taxes) sums.push([cell(`${words.tax} ${rate} %`), right(money(tax))]);
  sums.push([cell(words.total, bold), right(money(document.total), bold)]);
  const content: PdfContent[] = [
    ...(seller ? [cell(seller, { margin: [0, 0, 0, 16] })] : []),
    cell(`${words.quote} ${document.number}`, { fontSize: 18, bold: true }),
    cell(document.name, { fontSize: 12, margin: [0, 0, 0, 8] }),
    {
      layout: "noBorders",
      margin: [0, 0, 0, 16],
      table: {
        widths: ["auto", "*"],
        body: facts
          .filter(([, value]) => value)
          .map(([name, value]) => [cell(name, { color: "#555555" }), cell(value)]),
      },
    },
    {
      layout: "lightHorizontalLines",
      table: {
        headerRows: 1,
        // A line stays in one piece.
        dontBreakRows: true,
        widths: ["*", "auto", "auto", "auto", "auto"],
        body: [[cell(words.description, bold), ...columns.map((name) => right(name, bold))], ...rows],
      },
    },
    {
      margin: [0, 12, 0, 12],
      columns: [
        { text: "", width: "*" },
        {
          width: "auto",
          unbreakable: true,
          layout: "lightHorizontalLines",
          table: { widths: ["auto", "auto"], body: sums },
        },
      ],
    },
    ...(terms ? [cell(words.terms, { bold: true, margin: [0, 8, 0, 4] }), cell(terms)] : []),
  ];
  return printer.print({
    title: `${words.quote} ${document.number}`,
    content,
    footer: `${words.checksum}: ${hash}`,
    page: words.page,
    createdAt: `${document.sentOn}T00:00:00Z`,
  });
}
