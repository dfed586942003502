import { type AnyEntity, type Context, consent, consentAddress, UniqueViolation } from "@corm/core";
import type { Lead } from "../entities/lead.js";
import { leadConversionMove } from "../entities/lead-conversion.js";
import { entityOf, TARGETS, type TargetName } from "./mapping.js";
import { repoOf } from "./plan.js";
import { seenBy } from "./seen.js";

export type Targets = Readonly<Record<TargetName, string | null>>;

/** In a move: the record that something of any entity hangs on. */
export const ATTACHED = "@record";
const PAGE = 500;

/** A reference of records that go along with a lead, and what it is pointed at. */
interface Way {
  readonly entity: AnyEntity;
  /** Which refers to the lead. */
  readonly by: string;
  readonly field: string;
  readonly to: string;
}

/** Files, notes and tags: which record they hang on is told by two fields. */
export interface Hanging {
  readonly entity: AnyEntity;
  readonly nameField: string;
  readonly idField: string;
}

/**
 * Takes along whatever hangs on a lead, of whatever plugin: records that refer to the lead and can refer to a contact,
 * account or opportunity get those where they have none, and keep the lead; files, notes and tags move to the contact,
 * else the account, else the opportunity; consents of the lead's addresses become the contact's. A page at a time, each
 * with a note of what moved. With the rights of the system, since all of it goes, whoever of the company it belongs to.
 */
export async function follow(
  ctx: Context,
  conversionId: string,
  lead: Lead,
  targets: Targets,
  caller: Context,
): Promise<void> {
  for (const way of waysOf(ctx, targets)) await point(ctx, conversionId, lead.id, way);
  const main = (["contact", "account", "opportunity"] as const).find((name) => targets[name] !== null);
  const entity = main && entityOf(ctx, main);
  if (main && entity)
    for (const hanging of hangingOf(ctx))
      await rehang(ctx, conversionId, lead.id, hanging, { entity, id: targets[main] as string });
  if (targets.contact === null) return;
  // An address that the lead hides from the caller is not told to him by consents of the contact: they hold for it all the same.
  const tells = caller.catalog.entities.get(consent.name)?.fields.has("address") ?? false;
  await takeConsents(ctx, conversionId, tells ? seenBy(caller, lead) : lead, targets.contact);
}

function waysOf(ctx: Context, targets: Targets): Way[] {
  const ways: Way[] = [];
  for (const [name, { handle, fields }] of ctx.catalog.entities) {
    const { internal, immutable } = handle.definition;
    if (internal || name === "lead" || name === "leadConversion") continue;
    const by = [...fields.values()].find(({ target }) => target === "lead")?.name;
    if (by === undefined) continue;
    for (const target of TARGETS) {
      const field = fields.get(`${target}Id`);
      const to = targets[target];
      if (to === null || field?.target !== entityOf(ctx, target) || immutable.includes(field.name)) continue;
      ways.push({ entity: handle as AnyEntity, by, field: field.name, to });
    }
  }
  return ways;
}

async function point(
  ctx: Context,
  conversionId: string,
  leadId: string,
  { entity, by, field, to }: Way,
): Promise<void> {
  const records = repoOf(ctx, entity);
  for (;;) {
    // What is pointed is not found again: the first page is always the next one.
    const { items } = await records.find({
      where: { [by]: leadId, [field]: null } as never,
      select: ["id"] as never,
      orderBy: ["id"] as never,
      limit: PAGE,
    });
    if (items.length === 0) return;
    const ids = items.map(({ id }) => String(id));
    await records.updateMany(ids.map((id) => ({ id, patch: { [field]: to } })));
    await note(ctx, conversionId, entity.name, field, ids);
    if (items.length < PAGE) return;
  }
}

export function hangingOf(ctx: Context): Hanging[] {
  return [...ctx.catalog.entities.values()].flatMap(({ handle }) => {
    const { attachedTo } = handle.definition;
    return attachedTo
      ? [{ entity: handle as AnyEntity, nameField: attachedTo.entity, idField: attachedTo.record }]
      : [];
  });
}

async function rehang(
  ctx: Context,
  conversionId: string,
  leadId: string,
  hanging: Hanging,
  to: { readonly entity: string; readonly id: string },
): Promise<void> {
  const from = { entity: "lead", id: leadId };
  const moved = await hang(ctx, hanging, from, to);
  await note(ctx, conversionId, hanging.entity.name, ATTACHED, moved);
}

interface Place {
  readonly entity: string;
  readonly id: string;
}

/** Moves what hangs on one record to another; answers what moved. What the other has already, such as a tag, stays. */
export async function hang(
  ctx: Context,
  { entity, nameField, idField }: Hanging,
  from: Place,
  to: Place,
  only?: readonly string[],
): Promise<string[]> {
  const ids: string[] = [];
  const here = { [nameField]: from.entity, [idField]: from.id, ...(only ? { id: { in: only } } : {}) };
  const rows = repoOf(ctx, entity).stream({
    where: here as never,
    select: ["id"] as never,
    orderBy: ["id"] as never,
  });
  for await (const { id } of rows) ids.push(String(id));
  const patch = { [nameField]: to.entity, [idField]: to.id };
  const moved: string[] = [];
  for (const id of ids) {
    try {
      await ctx.savepoint((tx) => repoOf(tx, entity).update(id, patch));
      moved.push(id);
    } catch (error) {
      if (!UniqueViolation.is(error)) throw error;
    }
  }
  return moved;
}

async function takeConsents(
  ctx: Context,
  conversionId: string,
  lead: Lead,
  contactId: string,
): Promise<void> {
  const addresses = [lead.email, lead.phone]
    .filter((address) => address !== null)
    .map((address) => consentAddress(address));
  if (addresses.length === 0) return;
  const ledger = ctx.repo(consent);
  for (;;) {
    const { items } = await ledger.find({
      where: { address: { in: addresses }, contactId: null },
      select: ["id"],
      orderBy: ["id"],
      limit: PAGE,
    });
    if (items.length === 0) return;
    const ids = items.map(({ id }) => id);
    await ledger.updateMany(ids.map((id) => ({ id, patch: { contactId } })));
    await note(ctx, conversionId, "consent", "contactId", ids);
    if (items.length < PAGE) return;
  }
}

async function note(
  ctx: Context,
  conversionId: string,
  entity: string,
  field: string,
  ids: readonly string[],
): Promise<void> {
  const moves = ids.map((movedId) => ({ conversionId, entity, field, movedId }));
  for (let start = 0; start < moves.length; start += PAGE)
    await ctx.repo(leadConversionMove).createMany(moves.slice(start, start + PAGE));
}
