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
}
export type ConversionPlan = Readonly<Record<TargetName, PlannedTarget>>;

const NONE: PlannedTarget = { mode: "none", id: null, values: {}, changes: {}, conflicts: [], missing: [] };
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

/** What a conversion would make and change; writes nothing. Existing records are locked, where it runs in a transaction. */
export async function planConversion(
  ctx: Context,
  lead: Lead,
  request: ConversionRequest,
  mapping: Mapping,
): Promise<ConversionPlan> {
  checkStrategies(request, mapping);
  if (request.opportunity && !ctx.optional(opportunities)) throw OpportunitiesUnavailable({});
  const ownerId = request.ownerId ?? lead.ownerId;
  const mapped = (target: TargetName) => ({
    ...valuesOf(lead as unknown as Values, mapping[target]),
    ...(ownerId === null ? {} : { ownerId }),
  });
  const existing = async (target: TargetName, id: string, values: Values): Promise<PlannedTarget> => {
    const known = await repoOf(ctx, handleOf(ctx, target)).get(id, { lock: ctx.inTransaction });
    const missing = LINKS.filter((field) => known[field] === null);
    return {
      ...NONE,
      mode: "existing",
      id,
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
  return { account: accountPlan, contact: contactPlan, opportunity: opportunityPlan };
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
