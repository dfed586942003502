import { createHash } from "node:crypto";
import { escapeHtml, formatMoney, type Money } from "@corm/core";
import type { QuoteDocument } from "../entities/quote.js";
import { type DocumentWords, documentWords } from "../quotes/words.js";

const STYLE = `
:root { color-scheme: light; font: 1rem/1.5 system-ui, sans-serif; color: #1a1a1a; background: #fff; }
body { margin: 0 auto; padding: 1rem; max-width: 52rem; overflow-wrap: anywhere; }
h1 { font-size: 1.4rem; margin: 0 0 .25rem; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .1rem 1rem; }
dt { color: #555; } dd { margin: 0; }
table { width: 100%; border-collapse: collapse; }
th { text-align: left; color: #555; font-weight: 600; }
th, td { padding: .4rem .5rem .4rem 0; border-bottom: 1px solid #ddd; vertical-align: top; }
th:last-child, td:last-child { padding-right: 0; }
.n { text-align: right; white-space: nowrap; }
.total td { font-weight: 700; border-bottom: 3px double #1a1a1a; }
.notice { padding: .75rem 1rem; border: 2px solid #1a1a1a; border-radius: .4rem; }
.terms { white-space: pre-line; }
.small { color: #555; font-size: .8rem; }
label { display: block; margin-top: 1rem; }
input, textarea { box-sizing: border-box; width: 100%; padding: .6rem; font: inherit; }
button { margin: 1rem 1rem 0 0; padding: .8rem 1.2rem; font: inherit; min-height: 44px; }
.pdf { display: inline-block; padding: .6rem 0; min-height: 24px; }
:focus-visible { outline: 3px solid Highlight; outline-offset: 2px; }
@media (max-width: 34rem) {
  .lines thead { display: none; }
  .lines tr { display: block; border-bottom: 1px solid #ddd; padding: .5rem 0; }
  .lines td { display: flex; justify-content: space-between; gap: 1rem; border: 0; padding: .1rem 0; text-align: right; }
  .lines td:first-child { display: block; text-align: left; font-weight: 600; }
  .lines td[data-label]::before { content: attr(data-label); color: #555; font-weight: 400; }
  .lines td:empty { display: none; }
  button { width: 100%; margin-right: 0; }
}
`;
const STYLE_HASH = createHash("sha256").update(STYLE).digest("base64");

export const QUOTE_PAGE_HEADERS: Readonly<Record<string, string>> = {
  "content-type": "text/html; charset=utf-8",
  "content-security-policy": `default-src 'none'; style-src 'sha256-${STYLE_HASH}'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'`,
};

export interface QuotePage {
  readonly document: QuoteDocument;
  readonly hash: string;
  readonly status: string;
  readonly expired: boolean;
  /** Where the answer is posted. */
  readonly action: string;
  /** Where the same document is as a PDF; left out where none can be written. */
  readonly pdf?: string;
  /** What was wrong with the answer that came. */
  readonly problem?: "required" | "changed";
}

/** The quote for its customer: to read, to accept or to decline. No script. */
export function quotePage(page: QuotePage): string {
  const { document } = page;
  const words = documentWords(document.language);
  const title = `${words.quote} ${document.number}`;
  return `<!doctype html>
<html lang="${document.language}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>${escapeHtml(title)}</title>
<style>${STYLE}</style>
</head>
<body><main>
<h1>${escapeHtml(title)}</h1>
<p>${escapeHtml(document.name)}</p>
${notice(page, words)}
${head(document, words)}
${table(document, words)}
${document.terms ? `<h2>${words.terms}</h2><p class="terms">${escapeHtml(document.terms)}</p>` : ""}
${page.pdf ? `<p><a class="pdf" href="${escapeHtml(page.pdf)}">${words.pdf}</a></p>` : ""}
${isOpen(page) ? form(page, words) : ""}
<p class="small">${words.checksum}: ${page.hash}</p>
</main></body>
</html>
`;
}

const isOpen = ({ status, expired }: QuotePage): boolean => status === "sent" && !expired;

function notice(page: QuotePage, words: DocumentWords): string {
  const text = page.problem
    ? words[page.problem]
    : page.expired
      ? words.expired
      : page.status === "accepted" || page.status === "declined" || page.status === "superseded"
        ? words[page.status]
        : "";
  return text ? `<p class="notice" role="${page.problem ? "alert" : "status"}">${escapeHtml(text)}</p>` : "";
}

function head(document: QuoteDocument, words: DocumentWords): string {
  const { customer, seller, revision, sentOn, validUntil } = document;
  const entries: [string, string | null][] = [
    [words.for, [customer.account, customer.contact].filter(Boolean).join(", ") || null],
    [words.revision, revision > 1 ? String(revision) : null],
    [words.date, sentOn],
    [words.validUntil, validUntil],
  ];
  const items = entries.flatMap(([name, value]) =>
    value ? [`<dt>${name}</dt><dd>${escapeHtml(value)}</dd>`] : [],
  );
  return `${seller ? `<p>${escapeHtml(seller)}</p>` : ""}<dl>${items.join("")}</dl>`;
}

function table(document: QuoteDocument, words: DocumentWords): string {
  const money = (amount: Money): string => escapeHtml(formatMoney(amount, document.language));
  const cell = (label: string, value: string): string =>
    `<td class="n" data-label="${escapeHtml(label)}">${value}</td>`;
  const rows = document.lines.map((line) => {
    const options = line.options.map(({ name, quantity }) => `${quantity} × ${escapeHtml(name)}`).join(", ");
    const discounts = [
      line.discountPercent ? `${line.discountPercent} %` : "",
      line.discountAmount ? money(line.discountAmount) : "",
    ].filter(Boolean);
    return `<tr><td>${escapeHtml(line.description)}${options ? `<br><span class="small">${options}</span>` : ""}</td>${cell(words.quantity, line.quantity)}${cell(words.unitPrice, money(line.unitPrice))}${cell(words.discount, discounts.join(" + "))}${cell(words.amount, money(line.net))}</tr>`;
  });
  const sums: [string, Money][] = [[words.subtotal, document.subtotal]];
  if (Number(document.discountTotal.amount) !== 0) sums.push([words.discount, document.discountTotal]);
  for (const { rate, tax } of document.taxes) sums.push([`${words.tax} ${rate} %`, tax]);
  const totals = sums.map(([name, amount]) => `<tr><td>${name}</td><td class="n">${money(amount)}</td></tr>`);
  const columns = [words.quantity, words.unitPrice, words.discount, words.amount];
  return `<table class="lines"><thead><tr><th>${words.description}</th>${columns.map((name) => `<th class="n">${name}</th>`).join("")}</tr></thead><tbody>
${rows.join("\n")}
</tbody></table>
<table><tbody>${totals.join("")}<tr class="total"><td>${words.total}</td><td class="n">${money(document.total)}</td></tr></tbody></table>`;
}

function form({ action, hash, problem }: QuotePage, words: DocumentWords): string {
  const invalid = problem === "required" ? ` aria-invalid="true"` : "";
  return `<form method="post" action="${escapeHtml(action)}">
<input type="hidden" name="hash" value="${hash}">
<label for="name">${words.name}</label>
<input id="name" name="name" maxlength="200" autocomplete="name"${invalid}>
<label for="reason">${words.reason}</label>
<textarea id="reason" name="reason" rows="2" maxlength="2000"></textarea>
<button type="submit" name="decision" value="accept">${words.accept}</button>
<button type="submit" name="decision" value="decline">${words.decline}</button>
</form>`;
}
