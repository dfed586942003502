import {
  type Account,
  account,
  type Contact,
  type Context,
  contact,
  formatMoney,
  htmlProblems,
  type Money,
  templateEngine,
} from "@corm/core";
import type { DocumentTemplate } from "../entities/contract.js";
import type { Opportunity } from "../entities/opportunity.js";
import { type Order, type OrderLine, orderLine } from "../entities/order.js";
import { TemplateBroken } from "../errors.js";
import { settingsOf } from "../services/settings.js";
import { sellerDay } from "../services/today.js";

export interface ContractFacts {
  readonly number: string;
  readonly name: string;
  readonly startsOn: string;
  readonly endsOn: string | null;
  readonly termMonths: number | null;
  readonly renewal: string;
  readonly noticeDays: number | null;
  readonly total: Money | null;
  readonly signatories: readonly { readonly name: string; readonly role: string }[];
}

/** What a template can name. Everything is there, if only as an empty text: what is misspelt is an error. */
export interface TemplateScope {
  readonly contract: Record<string, unknown>;
  readonly seller: string;
  readonly account: Record<string, unknown>;
  readonly contact: Record<string, unknown>;
  readonly opportunity: Record<string, unknown>;
  readonly order: Record<string, unknown>;
  readonly today: string;
}

/** One with nothing in it, against which templates are tried when they are written. */
export const SAMPLE: TemplateScope = scopeOf({
  facts: {
    number: "C-000001",
    name: "Sample",
    startsOn: "2026-01-01",
    endsOn: "2026-12-31",
    termMonths: 12,
    renewal: "manual",
    noticeDays: 30,
    total: { amount: "0", currency: "EUR" },
    signatories: [{ name: "Sample", role: "Customer" }],
  },
  language: "en",
  seller: null,
  today: "2026-01-01",
});

interface Parts {
  readonly facts: ContractFacts;
  readonly language: string;
  readonly seller: string | null;
  readonly today: string;
  readonly opportunity?: Opportunity;
  readonly account?: {
    readonly name: string;
    readonly country: string | null;
    readonly phone: string | null;
  } | null;
  readonly contact?: {
    readonly firstName: string | null;
    readonly lastName: string;
    readonly email: string | null;
  } | null;
  readonly order?: Order | null;
  readonly lines?: readonly OrderLine[];
}

function scopeOf({ facts, language, seller, today, lines = [], ...parts }: Parts): TemplateScope {
  const money = (amount: Money | null | undefined) => (amount ? formatMoney(amount, language) : "");
  const text = (value: unknown) => value ?? "";
  return {
    contract: {
      number: facts.number,
      name: facts.name,
      startsOn: facts.startsOn,
      endsOn: text(facts.endsOn),
      termMonths: text(facts.termMonths),
      renewal: facts.renewal,
      noticeDays: text(facts.noticeDays),
      total: money(facts.total),
      signatories: facts.signatories.map(({ name, role }) => ({ name, role })),
    },
    seller: seller ?? "",
    account: {
      name: text(parts.account?.name),
      country: text(parts.account?.country),
      phone: text(parts.account?.phone),
    },
    contact: {
      name: [parts.contact?.firstName, parts.contact?.lastName].filter(Boolean).join(" "),
      email: text(parts.contact?.email),
    },
    opportunity: {
      name: text(parts.opportunity?.name),
      amount: money(parts.opportunity?.amount),
      closeDate: text(parts.opportunity?.closeDate),
    },
    order: {
      number: text(parts.order?.number),
      total: money(parts.order?.total),
      subtotal: money(parts.order?.subtotal),
      taxTotal: money(parts.order?.taxTotal),
      lines: lines.map((line) => ({
        description: line.description,
        quantity: line.quantity,
        unitPrice: money(line.unitPrice),
        net: money(line.net),
        total: money(line.total),
      })),
    },
    today,
  };
}

type Seen<T> = T | null;

/**
 * The facts of a sale as templates name them, and as whoever makes the document may see them: what he may not is empty.
 *
 * @param bought as he has read it
 */
export async function loadScope(
  ctx: Context,
  opportunity: Opportunity,
  bought: Order | null,
  facts: ContractFacts,
  language: string,
): Promise<TemplateScope> {
  const { accountId, contactId } = opportunity;
  const sees = ({ name }: { readonly name: string }) => ctx.catalog.entities.has(name);
  const customer: Seen<Account> =
    accountId && sees(account) ? await ctx.repo(account).first({ where: { id: accountId } }) : null;
  const person: Seen<Contact> =
    contactId && sees(contact) ? await ctx.repo(contact).first({ where: { id: contactId } }) : null;
  const lines: OrderLine[] = [];
  if (bought && sees(orderLine))
    for await (const line of ctx
      .repo(orderLine)
      .stream({ where: { orderId: bought.id }, orderBy: ["position", "id"], limit: 500 }))
      lines.push(line);
  const { seller } = settingsOf(ctx);
  const today = sellerDay(ctx);
  return scopeOf({
    facts,
    language,
    seller,
    today,
    opportunity,
    account: customer,
    contact: person,
    order: bought,
    lines,
  });
}

/**
 * The document: values escaped, nothing in it that runs or loads something.
 *
 * @throws template-broken
 */
export async function renderTemplate(
  { name, body }: Pick<DocumentTemplate, "name" | "body">,
  scope: TemplateScope,
): Promise<string> {
  const engine = await templateEngine();
  const [unsafe] = htmlProblems(body, "template");
  if (unsafe) throw TemplateBroken({ template: name, problem: unsafe });
  let html: string;
  try {
    html = engine.render(body, "html", scope);
  } catch (cause) {
    throw TemplateBroken({ template: name, problem: (cause as Error).message }, { cause });
  }
  const [problem] = htmlProblems(html, "message");
  if (problem) throw TemplateBroken({ template: name, problem });
  return html;
}
