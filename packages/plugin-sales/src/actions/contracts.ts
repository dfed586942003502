import { createHash } from "node:crypto";
import { assertCan, date, defineAction, nextNumber, Type, ValidationFailed } from "@corm/core";
import { addDays, endOfTerm } from "../contracts/months.js";
import { type ContractFacts, loadScope, renderTemplate } from "../contracts/render.js";
import { KEEP_DOCUMENT } from "../documents/keep-document.js";
import { contract, documentTemplate } from "../entities/contract.js";
import { opportunity } from "../entities/opportunity.js";
import { order } from "../entities/order.js";
import { AlreadySigned, NotWon } from "../errors.js";
import { quoteBooks } from "../quotes/books.js";

const person = Type.Object({
  name: Type.String({ minLength: 1, maxLength: 200 }),
  role: Type.String({ minLength: 1, maxLength: 100 }),
});

/**
 * Makes a contract of a won opportunity and a template. `POST /api/opportunities/{id}/make-contract`
 *
 * @throws opportunity-not-won, template-broken, not-found
 */
export const makeContract = defineAction({
  name: "makeContract",
  on: opportunity,
  label: "Make a contract",
  description: "Fills a template with the facts of a won opportunity, and numbers the contract.",
  input: Type.Object({
    templateId: Type.String({ format: "uuid" }),
    name: Type.Optional(Type.String({ minLength: 1, maxLength: 250 })),
    /** Whose lines and total it is about. Default: the amount of the opportunity. */
    orderId: Type.Optional(Type.String({ format: "uuid" })),
    startsOn: date(),
    /** Default: without an end. */
    termMonths: Type.Optional(Type.Integer({ minimum: 1, maximum: 1200 })),
    renewal: Type.Optional(Type.Enum(["none", "manual", "automatic"])),
    noticeDays: Type.Optional(Type.Integer({ minimum: 0, maximum: 3650 })),
    signatories: Type.Array(person, { minItems: 1, maxItems: 20 }),
  }),
  output: Type.Object({ id: Type.String(), number: Type.String(), documentHash: Type.String() }),
  run: async ({ record, input }, ctx) => {
    await assertCan(ctx, ["update"], opportunity, [record.id]);
    if (record.status !== "won") throw NotWon({ id: record.id, status: record.status });
    const template = await ctx.repo(documentTemplate).get(input.templateId);
    const bought = input.orderId === undefined ? null : await ctx.repo(order).get(input.orderId);
    if (bought && bought.opportunityId !== record.id)
      throw ValidationFailed({
        entity: "body",
        issues: [
          { pointer: "/orderId", code: "other-opportunity", message: "is an order of another opportunity" },
        ],
      });
    // The record as the caller sees it: what he may not see is not written into a document that he reads.
    const seen = await ctx.repo(opportunity).get(record.id);
    const { startsOn, termMonths = null, renewal = "none", noticeDays = null, signatories } = input;
    const endsOn = termMonths === null ? null : endOfTerm(startsOn, termMonths);
    const books = quoteBooks(ctx);
    const facts: ContractFacts = {
      number: `C-${String(await nextNumber(books, "sales.contract")).padStart(6, "0")}`,
      name: input.name ?? seen.name ?? record.id,
      ...{ startsOn, endsOn, termMonths, renewal, noticeDays, signatories },
      total: bought?.total ?? seen.amount ?? null,
    };
    const scope = await loadScope(
      ctx,
      { ...seen, accountId: record.accountId, contactId: record.contactId },
      bought,
      facts,
      template.language,
    );
    const html = await renderTemplate(template, scope);
    const documentHash = createHash("sha256").update(html).digest("hex");
    const { accountId, contactId, ownerId } = record;
    const made = await books.repo(contract).create({
      ...facts,
      ...{ accountId, contactId, ownerId, html, documentHash },
      renewal,
      opportunityId: record.id,
      orderId: bought?.id ?? null,
      templateId: template.id,
      language: template.language,
      reminderOn: endsOn !== null && noticeDays !== null ? addDays(endsOn, -noticeDays) : null,
      signatories: signatories.map((one) => ({ ...one, signedAt: null })),
    });
    await books.jobs.enqueue(KEEP_DOCUMENT, { entity: contract.name, id: made.id });
    return { id: made.id, number: made.number, documentHash };
  },
});

/**
 * Notes that somebody has signed; once everybody has, the contract is active. `POST /api/contracts/{id}/sign`
 *
 * @throws already-signed
 */
export const signContract = defineAction({
  name: "sign",
  on: contract,
  label: "Note a signature",
  description: "Notes that a signatory has signed. Once everybody has, the contract is active.",
  input: Type.Object({
    /** Of the signatory. */
    name: Type.String({ minLength: 1, maxLength: 200 }),
    /** What he has seen: the hash of the document. */
    documentHash: Type.String({ maxLength: 64 }),
  }),
  output: Type.Object({ id: Type.String(), status: Type.String() }),
  run: async ({ record, input }, ctx) => {
    await assertCan(ctx, ["update"], contract, [record.id]);
    const at = record.signatories.findIndex(({ name, signedAt }) => name === input.name && signedAt === null);
    const wrong =
      input.documentHash !== record.documentHash
        ? { pointer: "/documentHash", code: "other-document", message: "is not the hash of this contract" }
        : record.signatories.every(({ name }) => name !== input.name) && {
            pointer: "/name",
            code: "no-signatory",
            message: `is none of the signatories: ${record.signatories.map(({ name }) => name).join(", ")}`,
          };
    if (wrong) throw ValidationFailed({ entity: "body", issues: [wrong] });
    if (at < 0 || record.status !== "draft") throw AlreadySigned({ number: record.number, name: input.name });
    const signatories = record.signatories.map((one, n) =>
      n === at ? { ...one, signedAt: ctx.now() } : one,
    );
    const status = signatories.every(({ signedAt }) => signedAt !== null) ? "active" : record.status;
    await quoteBooks(ctx).repo(contract).update(record.id, { signatories, status });
    return { id: record.id, status };
  },
});
