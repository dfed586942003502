import { isDeepStrictEqual } from "node:util";
import { type AnyEntity, type Context, NotFound, tookInOthers } from "@corm/core";
import { lead } from "../entities/lead.js";
import { type FieldChanges, type LeadConversion, leadConversionMove } from "../entities/lead-conversion.js";
import { ATTACHED, hang, hangingOf } from "./follow.js";
import { openChanges } from "./kept.js";
import { entityOf, TARGETS, type TargetName } from "./mapping.js";
import { type AnyRepository, repoOf } from "./plan.js";

export interface Undone {
  /** Records that the conversion had made and that are in the recycle bin now. */
  readonly deleted: { readonly target: TargetName; readonly id: string }[];
  /** What stays, since others have come to need it or to change it. */
  readonly kept: { readonly target: TargetName; readonly id: string; readonly because: string }[];
}

const PAGE = 500;
const ORDER: readonly TargetName[] = ["opportunity", "contact", "account"];

const idOf = (conversion: LeadConversion, target: TargetName): string | null =>
  ({ account: conversion.accountId, contact: conversion.contactId, opportunity: conversion.opportunityId })[
    target
  ];
const changesOf = (conversion: LeadConversion, target: TargetName): FieldChanges =>
  ({
    account: conversion.accountChanges,
    contact: conversion.contactChanges,
    opportunity: conversion.opportunityChanges,
  })[target];

/**
 * Undoes a conversion: what went along comes back, fields that it filled are as they were unless somebody has changed them
 * since, what it made goes into the recycle bin unless something else refers to it by now. In a transaction, with the
 * rights of the system.
 */
export async function undo(ctx: Context, conversion: LeadConversion): Promise<Undone> {
  const undone: Undone = { deleted: [], kept: [] };
  await bringBack(ctx, conversion);
  for (const target of ORDER) {
    const id = idOf(conversion, target);
    const entity = entityOf(ctx, target);
    const handle = entity === null ? undefined : ctx.catalog.entities.get(entity)?.handle;
    if (id === null || !handle) continue;
    if (conversion.made.includes(target)) await remove(ctx, target, handle as AnyEntity, id, undone);
    else {
      const changes = await openChanges(ctx, target, id, changesOf(conversion, target));
      await refill(ctx, target, handle as AnyEntity, id, changes, undone);
    }
  }
  return undone;
}

async function bringBack(ctx: Context, conversion: LeadConversion): Promise<void> {
  const main = (["contact", "account", "opportunity"] as const).find(
    (name) => idOf(conversion, name) !== null,
  );
  let after: string | null = null;
  do {
    const page: { items: { entity: string; field: string; movedId: string }[]; next: string | null } =
      await ctx.repo(leadConversionMove).find({
        where: { conversionId: conversion.id },
        orderBy: ["entity", "field", "id"],
        limit: PAGE,
        after,
      });
    const groups = new Map<string, { entity: string; field: string; ids: string[] }>();
    for (const { entity, field, movedId } of page.items) {
      const key = `${entity}/${field}`;
      const group = groups.get(key) ?? { entity, field, ids: [] };
      group.ids.push(movedId);
      groups.set(key, group);
    }
    for (const group of groups.values()) await bringBackSome(ctx, conversion, main, group);
    after = page.next;
  } while (after !== null);
}

async function bringBackSome(
  ctx: Context,
  conversion: LeadConversion,
  main: TargetName | undefined,
  {
    entity,
    field,
    ids,
  }: { readonly entity: string; readonly field: string; readonly ids: readonly string[] },
): Promise<void> {
  if (field === ATTACHED) {
    const hanging = hangingOf(ctx).find((one) => one.entity.name === entity);
    const from = main && { entity: entityOf(ctx, main) ?? main, id: idOf(conversion, main) as string };
    if (hanging && from) await hang(ctx, hanging, from, { entity: "lead", id: conversion.leadId }, ids);
    return;
  }
  const handle = ctx.catalog.entities.get(entity)?.handle;
  const target = TARGETS.find((name) => field === `${name}Id`);
  if (!handle || !target) return;
  const records = repoOf(ctx, handle as AnyEntity);
  // What somebody has pointed elsewhere since stays there.
  const { items } = await records.find({
    where: { id: { in: ids }, [field]: idOf(conversion, target) } as never,
    select: ["id"] as never,
    limit: PAGE,
  });
  await records.updateMany(items.map(({ id }) => ({ id: String(id), patch: { [field]: null } })));
}

async function refill(
  ctx: Context,
  target: TargetName,
  handle: AnyEntity,
  id: string,
  changes: FieldChanges,
  undone: Undone,
): Promise<void> {
  if (Object.keys(changes).length === 0) return;
  const records = repoOf(ctx, handle);
  const row = await existing(records, id);
  if (!row) return;
  const patch: Record<string, unknown> = {};
  for (const [field, { before, after }] of Object.entries(changes)) {
    if (isDeepStrictEqual(row[field] ?? null, after ?? null)) patch[field] = before ?? null;
    else undone.kept.push({ target, id: row.id, because: `"${field}" was changed since` });
  }
  // Of one that was merged, the survivor.
  if (Object.keys(patch).length > 0) await records.update(row.id, patch);
}

/** The record, or of one that was merged the survivor; null where there is none any more. */
function existing(records: AnyRepository, id: string) {
  return records.get(id, { lock: true }).catch((error: unknown) => {
    if (!NotFound.is(error)) throw error;
    return null;
  });
}

async function remove(
  ctx: Context,
  target: TargetName,
  handle: AnyEntity,
  id: string,
  undone: Undone,
): Promise<void> {
  const records = repoOf(ctx, handle);
  const row = await existing(records, id);
  if (!row) return;
  // It is somebody else as well by now, or part of somebody who was there before.
  if (await tookInOthers(ctx, handle, row.id)) {
    undone.kept.push({ target, id: row.id, because: "it was merged with others" });
    return;
  }
  const user = await neededBy(ctx, handle.name, id);
  if (user !== null) {
    undone.kept.push({ target, id, because: `${user} refers to it` });
    return;
  }
  await records.delete(id);
  undone.deleted.push({ target, id });
}

/** What an opportunity keeps of its own way, and the lead, need nobody. */
const OWN_BOOKS: ReadonlySet<string> = new Set(["lead", "leadConversion"]);

async function neededBy(ctx: Context, target: string, id: string): Promise<string | null> {
  for (const [name, { handle, fields }] of ctx.catalog.entities) {
    if (OWN_BOOKS.has(name) || handle.definition.internal) continue;
    for (const field of fields.values()) {
      if (field.target !== target || isPart(handle.definition.fields[field.name])) continue;
      const found = await repoOf(ctx, handle as AnyEntity).first({
        where: { [field.name]: id } as never,
        select: ["id"] as never,
      });
      if (found) return name;
    }
  }
  return null;
}

/** What goes with its record when that is purged is part of it, and not somebody who needs it. */
const isPart = (schema: unknown): boolean =>
  (schema as { "x-corm"?: { onDelete?: string } } | undefined)?.["x-corm"]?.onDelete === "cascade";

/** The lead as it was. Somebody may have come under the same address meanwhile: he keeps the key. */
export async function reopen(ctx: Context, conversion: LeadConversion): Promise<void> {
  const { leadId, statusBefore, captureKeyBefore } = conversion;
  const taken =
    captureKeyBefore !== null &&
    (await ctx.repo(lead).first({ where: { captureKey: captureKeyBefore } })) !== null;
  await ctx.repo(lead).update(leadId, {
    status: statusBefore as "new",
    captureKey: taken ? null : captureKeyBefore,
    convertedAt: null,
    convertedAccountId: null,
    convertedContactId: null,
    convertedOpportunityId: null,
  });
}
