import type { Context } from "@corm/core";
import { type Lead, lead } from "../entities/lead.js";
import { valuesOf } from "./fill.js";
import { entityOf, type Mapping, type Pair, TARGETS, type TargetName } from "./mapping.js";

/** How the fields of a lead go to one target. */
export interface Carriage {
  /** Of what the caller sees. */
  readonly pairs: readonly Pair[];
  /** Values that he sees neither in the lead nor in the target. */
  readonly unseen: Record<string, unknown>;
  /** Fields of the target that he would see and that the lead hides, whether it has a value or not. */
  readonly leftOut: readonly string[];
}

export interface Carriages {
  /** The lead as the caller sees it. */
  readonly lead: Lead;
  /** `company`: an account may not be called by the lead's company, since he does not see that. */
  readonly by: Readonly<Record<TargetName, Carriage>> & { readonly company: boolean };
}

/** Names of the fields of an entity whose values the caller reads as they are. */
const fieldsOf = (ctx: Context, entity: string | null): ReadonlyMap<string, unknown> =>
  (entity === null ? undefined : ctx.catalog.entities.get(entity)?.fields) ?? new Map();

/** Parts what a conversion moves by what its caller reads on both sides: nothing hidden comes to where he reads it. */
export function carriageOf(
  ctx: Context,
  whole: Lead,
  mapping: Mapping,
  ownerId: string | undefined,
): Carriages {
  const own = fieldsOf(ctx, lead.name);
  const carriage = (target: TargetName): Carriage => {
    const there = fieldsOf(ctx, entityOf(ctx, target));
    const hidden = [...mapping[target], ...(ownerId === undefined ? [OWNER] : [])].filter(
      ({ from }) => !own.has(from),
    );
    return {
      pairs: mapping[target].filter(({ from }) => own.has(from)),
      unseen: valuesOf(
        whole as unknown as Record<string, unknown>,
        hidden.filter(({ to }) => !there.has(to)),
      ),
      leftOut: hidden.flatMap(({ to }) => (there.has(to) ? [to] : [])),
    };
  };
  const [account, contact, opportunity] = TARGETS.map(carriage) as [Carriage, Carriage, Carriage];
  return { lead: seenBy(ctx, whole), by: { account, contact, opportunity, company: !own.has("company") } };
}

const OWNER: Pair = { from: "ownerId", to: "ownerId" };

/** The lead without what the caller's role hides of it. */
export function seenBy(ctx: Context, record: Lead): Lead {
  const fields = fieldsOf(ctx, lead.name);
  return Object.fromEntries(
    Object.entries(record).map(([name, value]) => [name, fields.has(name) ? value : null]),
  ) as unknown as Lead;
}
