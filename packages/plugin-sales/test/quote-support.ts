import { crmCore, issueApiKey } from "@corm/core";
import { createHttp } from "@corm/core/http";
import { createTestCrm, type TestCrm, type TestCrmOptions } from "@corm/core/testing";
import { type SalesOptions, sales } from "@corm/plugin-sales";
import { type WorkflowOptions, workflow } from "@corm/plugin-workflow";
import { usd } from "./support.js";

type Plugins = readonly [ReturnType<typeof crmCore>, ReturnType<typeof sales>, ReturnType<typeof workflow>];
export type QuoteCrm = TestCrm<Plugins>;
export type QuoteMe = QuoteCrm["me"];

/** A CRM of core, sales and workflow; its clock stands at 2026-01-05T09:00:00Z. */
export const quoteCrm = (
  options: SalesOptions = {},
  rest: Partial<Omit<TestCrmOptions<Plugins>, "plugins">> = {},
  approvals: WorkflowOptions = { approvable: ["quote"] },
): Promise<QuoteCrm> =>
  createTestCrm<Plugins>({
    currency: "USD",
    ...rest,
    plugins: [crmCore(), sales({ seller: "Sunlight Ltd", ...options }), workflow(approvals)],
  });

/** A quote over three products of a price book: 10 × 100.00, 1 × 250.00, and a credit of 50.00. */
export async function makeQuote(me: QuoteMe, rest: object = {}) {
  const { account, contact, opportunity, priceBook, priceBookEntry, product, quote, quoteLine } = me.entities;
  const buyer = await account.create({ name: "Hearth & Home 暖家" });
  const person = await contact.create({ firstName: "Ada", lastName: "Lovelace", accountId: buyer.id });
  const deal = await opportunity.create({ name: "Roof", accountId: buyer.id, contactId: person.id });
  const [panel, work] = await product.createMany([{ name: "Panel" }, { name: "Installation" }]);
  const book =
    (await priceBook.first({ where: { name: "Standard" } })) ??
    (await priceBook.create({ name: "Standard", currency: "USD" }));
  await priceBookEntry.createMany([
    { priceBookId: book.id, productId: panel!.id, unitPrice: usd("100") },
    { priceBookId: book.id, productId: work!.id, unitPrice: usd("250") },
  ]);
  const made = await quote.create({ name: "Solar roof", opportunityId: deal.id, ...rest });
  const lines = await quoteLine.createMany([
    { quoteId: made.id, position: 1, productId: panel!.id, quantity: "10", taxRate: "10" },
    { quoteId: made.id, position: 2, productId: work!.id, taxRate: "10" },
    { quoteId: made.id, position: 3, description: "Credit", unitPrice: usd("-50") },
  ]);
  return {
    id: made.id,
    lines: lines.map(({ id }) => id),
    deal,
    buyer,
    person,
    panel: panel!.id,
    book: book.id,
  };
}

// biome-ignore lint/suspicious/noExplicitAny: JSON of a test's own making, looked into at many depths.
export type Answer = { status: number; body: any; headers: Headers };

/** The app over HTTP: with the key of an administrator, and as the public. */
export async function httpOf({ crm, me }: Pick<QuoteCrm, "crm" | "me">) {
  const { key } = await issueApiKey(me, { name: "test", roles: ["admin"] });
  const app = createHttp(crm, {
    clientAddress: (c) => c.req.header("x-test-address"),
  });
  const send = async (
    method: string,
    path: string,
    body: unknown,
    headers: Record<string, string>,
  ): Promise<Answer> => {
    const init = { method, headers: { "content-type": "application/json", ...headers } };
    const answer = await app.request(
      path,
      body === undefined ? init : { ...init, body: JSON.stringify(body) },
    );
    const text = await answer.text();
    const json = answer.headers.get("content-type")?.includes("json");
    return { status: answer.status, body: json ? JSON.parse(text) : text, headers: answer.headers };
  };
  return {
    app,
    call: (method: string, path: string, body?: unknown) =>
      send(method, path, body, { authorization: `Bearer ${key}` }),
    open: (method: string, path: string, body?: unknown) =>
      send(method, path, body, { "x-test-address": "203.0.113.7" }),
  };
}
