import {
  type AnyEntity,
  account,
  type Context,
  contact,
  type Money,
  opportunities,
  type Repository,
} from "@corm/core";
import type { Lead } from "../entities/lead.js";
import type { FieldChanges } from "../entities/lead-conversion.js";
import { ExistingOpportunitiesUnavailable, OpportunitiesUnavailable, UnmappedStrategy } from "../errors.js";
import { type Conflict, fill, type Strategies, valuesOf } from "./fill.js";
import { type Mapping, TARGETS, type TargetName } from "./mapping.js";
import { type Carriage, carriageOf } from "./seen.js";

type Choice<Own> = { readonly id: string } | Own | null | undefined;

export interface ConversionRequest {
  readonly account?: Choice<{ readonly name?: string | undefined }>;
  readonly contact?: Choice<{
    readonly firstName?: string | undefined;
    readonly lastName?: string | undefined;
  }>;
  readonly opportunity?: Choice<{
    readonly name?: string | undefined;
    readonly amount?: Money | null | undefined;
    readonly closeDate?: string | null | undefined;
  }>;
  readonly ownerId?: string | undefined;
  readonly strategies?: { readonly [T in TargetName]?: Strategies | undefined } | undefined;
}

export interface PlannedTarget {
  readonly mode: "new" | "existing" | "none";
  /** Of an existing one. */
  readonly id: string | null;
  /** Of a new one. */
  readonly values: Record<string, unknown>;
  readonly changes: FieldChanges;
  readonly conflicts: Conflict[];
  /** References of an existing one that are empty. */
  readonly missing: readonly ("accountId" | "contactId")[];
  /** What the caller sees neither in the lead nor there: it goes along past him. */
  readonly unseen: Record<string, unknown>;
  /** Fields that get nothing: the caller would read there what the lead hides from him. */
  readonly leftOut: readonly string[];
}
export type ConversionPlan = Readonly<Record<TargetName, PlannedTarget>>;

const NONE: PlannedTarget = {
  ...{ mode: "none", id: null, values: {}, changes: {}, conflicts: [] },
  ...{ missing: [], unseen: {}, leftOut: [] },
};
const LINKS = ["accountId", "contactId"] as const;
const isExisting = (choice: object | null | undefined): choice is { readonly id: string } =>
  choice != null && "id" in choice;

type Values = Record<string, unknown>;
export type AnyRepository = Repository<Values & { readonly id: string }, Values, Values>;
export const repoOf = (ctx: Context, entity: AnyEntity): AnyRepository =>
  ctx.repo(entity) as unknown as AnyRepository;

/** The entity that a target is kept as. @throws opportunities-unavailable, existing-opportunities-unavailable */
export function handleOf(ctx: Context, target: TargetName): AnyEntity {
  if (target !== "opportunity") return target === "account" ? account : contact;
  const keeper = ctx.optional(opportunities);
  if (!keeper) throw OpportunitiesUnavailable({});
  if (!keeper.entity) throw ExistingOpportunitiesUnavailable({});
  return keeper.entity;
}

/**
 * What a conversion would make and change; writes nothing. Existing records are locked, where it runs in a transaction. It goes
 * by what the caller sees of the lead; what he does not see goes along where he does not see it either.
 */
export async function planConversion(
  ctx: Context,
  whole: Lead,
  request: ConversionRequest,
  mapping: Mapping,
): Promise<ConversionPlan> {
  checkStrategies(request, mapping);
  if (request.opportunity && !ctx.optional(opportunities)) throw OpportunitiesUnavailable({});
  const { lead, by } = carriageOf(ctx, whole, mapping, request.ownerId);
  const ownerId = request.ownerId ?? lead.ownerId;
  const mapped = (target: TargetName) => ({
    ...valuesOf(lead as unknown as Values, by[target].pairs),
    ...(ownerId === null ? {} : { ownerId }),
  });
  const existing = async (target: TargetName, id: string, values: Values): Promise<PlannedTarget> => {
    const known = await repoOf(ctx, handleOf(ctx, target)).get(id, { lock: ctx.inTransaction });
    const missing = LINKS.filter((field) => known[field] === null);
    return {
      ...NONE,
      mode: "existing",
      // The id of a record that was merged names the survivor.
      id: known.id,
      missing,
      ...fill(known, values, request.strategies?.[target] ?? {}),
    };
  };
  // The company that the person is known to work for beats the one that the lead names.
  const person = isExisting(request.contact) ? await ctx.repo(contact).get(request.contact.id) : null;
  const accountPlan = await planAccount(
    lead,
    request.account,
    person?.accountId ?? null,
    mapped("account"),
    existing,
  );
  const contactPlan =
    request.contact === null
      ? NONE
      : isExisting(request.contact)
        ? await existing("contact", request.contact.id, { ...mapped("contact"), accountId: accountPlan.id })
        : {
            ...NONE,
            mode: "new" as const,
            values: { ...mapped("contact"), ...nameOf(lead, request.contact ?? {}) },
          };
  const opportunityPlan = await planOpportunity(lead, request.opportunity, mapped("opportunity"), existing);
  return {
    account: withUnseen(accountPlan, by.account, nameless(request.account, accountPlan) && by.company),
    contact: withUnseen(contactPlan, by.contact, false),
    opportunity: withUnseen(opportunityPlan, by.opportunity, false),
  };
}

/** Whether the name of an account would have been the lead's company. */
const nameless = (choice: ConversionRequest["account"], { mode }: PlannedTarget): boolean =>
  choice !== null && mode !== "existing" && !(choice && "name" in choice && choice.name);

function withUnseen(plan: PlannedTarget, { unseen, leftOut }: Carriage, nameLeftOut: boolean): PlannedTarget {
  const named = nameLeftOut ? ["name"] : [];
  if (plan.mode === "none") return { ...plan, leftOut: named };
  // What the request itself says needs nothing of the lead.
  const fields = leftOut.filter((field) => plan.values[field] == null);
  return { ...plan, unseen, leftOut: [...named, ...fields] };
}

type Existing = (target: TargetName, id: string, values: Values) => Promise<PlannedTarget>;

async function planAccount(
  lead: Lead,
  choice: ConversionRequest["account"],
  employerId: string | null,
  values: Values,
  existing: Existing,
): Promise<PlannedTarget> {
  if (choice === null) return NONE;
  const id = isExisting(choice) ? choice.id : choice ? null : employerId;
  if (id) return existing("account", id, values);
  const own = choice && "name" in choice ? choice.name : undefined;
  const name = own ?? lead.company ?? (choice ? personName(lead) : null);
  return name ? { ...NONE, mode: "new", values: { ...values, name } } : NONE;
}

async function planOpportunity(
  lead: Lead,
  choice: ConversionRequest["opportunity"],
  values: Values,
  existing: Existing,
): Promise<PlannedTarget> {
  if (!choice) return NONE;
  if (isExisting(choice)) return existing("opportunity", choice.id, values);
  const { name, amount = null, closeDate = null } = choice;
  const called = name ?? lead.company ?? personName(lead) ?? lead.email ?? lead.phone ?? "Opportunity";
  return { ...NONE, mode: "new", values: { ...values, name: called, amount, closeDate } };
}

/** A contact has a last name, whatever the lead has. */
function nameOf(
  lead: Lead,
  own: { readonly firstName?: string | undefined; readonly lastName?: string | undefined },
) {
  const lastName =
    own.lastName ?? lead.lastName ?? lead.firstName ?? lead.email?.split("@")[0] ?? lead.company;
  // Somebody known by nothing but a phone number.
  const firstName = own.firstName ?? (lead.lastName ? lead.firstName : null);
  return { firstName, lastName: (lastName || (lead.phone ?? "?")).slice(0, 100) };
}

const personName = (lead: Lead): string | null =>
  [lead.firstName, lead.lastName].filter(Boolean).join(" ") || null;

/** A strategy for a field that nothing goes to is a mistake, and not nothing. */
function checkStrategies({ strategies = {} }: ConversionRequest, mapping: Mapping): void {
  for (const target of TARGETS) {
    const known = new Set([...mapping[target].map(({ to }) => to), "ownerId", "accountId"]);
    for (const field of Object.keys(strategies[target] ?? {}))
      if (!known.has(field)) throw UnmappedStrategy({ target, field, known: [...known] });
  }
}
