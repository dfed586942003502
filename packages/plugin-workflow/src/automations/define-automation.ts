import {
  type AnyEntity,
  defineExtensionPoint,
  type EventHandle,
  type RelatedOf,
  type RowOf,
  type Where,
} from "@corm/core";
import type { AutomationDefinition, Principal, Step } from "./definition.js";
import type { Trigger, TriggerOf } from "./trigger.js";

/** An automation in code: data as well, so that runs outlive the code that began them. */
export interface CodeAutomation extends AutomationDefinition {
  readonly principal: Principal;
  readonly maxAttempts: number;
}

export interface AutomationOptions<E extends AnyEntity> {
  /** kebab-case, unique in an app and its tenants; runs bear it. */
  readonly key: string;
  /** From `when`, or as data. */
  readonly trigger: Trigger & { readonly "~entity"?: E };
  readonly where?: Where<RowOf<E>, RelatedOf<E>>;
  readonly exit?: Where<RowOf<E>, RelatedOf<E>>;
  readonly steps: readonly Step[];
  /** In whose name it acts: roles of the app, or a user. It never can do more. */
  readonly principal: Principal;
  readonly maxAttempts?: number;
}

/**
 * Declares an automation in code. Contribute it to `automations`; a tenant can switch it off.
 *
 * @example
 * export const welcome = defineAutomation({
 *   key: "welcome-leads",
 *   trigger: when.created(lead),
 *   where: { email: { isNull: false } },
 *   principal: { roles: ["assistant"] },
 *   steps: [
 *     { kind: "wait", for: { days: 1 } },
 *     { kind: "task", subject: "Call {{ record.lastName }}", ownerId: { $: "record.ownerId" } },
 *   ],
 * });
 * // in a plugin: contributes: [contribute(automations, welcome)]
 */
export function defineAutomation<E extends AnyEntity>(options: AutomationOptions<E>): CodeAutomation {
  const { key, trigger, where, exit, steps, principal, maxAttempts = 5 } = options;
  return {
    key,
    trigger,
    ...(where === undefined ? {} : { where: where as AutomationDefinition["where"] & object }),
    ...(exit === undefined ? {} : { exit: exit as AutomationDefinition["exit"] & object }),
    steps,
    principal,
    maxAttempts,
  };
}

/** Automations in code, of any plugin. */
export const automations = defineExtensionPoint<CodeAutomation>("workflow.automations");

type Of<E> = { readonly "~entity"?: E };
type Fields<E extends AnyEntity> = {
  readonly [K in keyof RowOf<E> & string]?: { readonly from?: unknown; readonly to?: unknown };
};
type Names<E extends AnyEntity> = keyof RowOf<E> & string;

/** Triggers with the names of entities and fields checked by the compiler. */
export const when = {
  created: <E extends AnyEntity>(entity: E): TriggerOf<"created"> & Of<E> => ({
    on: "created",
    entity: entity.name,
  }),
  updated: <E extends AnyEntity>(
    entity: E,
    options: { readonly changed?: readonly Names<E>[]; readonly fields?: Fields<E> } = {},
  ): TriggerOf<"updated"> & Of<E> =>
    ({ on: "updated", entity: entity.name, ...options }) as unknown as TriggerOf<"updated"> & Of<E>,
  deleted: <E extends AnyEntity>(entity: E): TriggerOf<"deleted"> & Of<E> => ({
    on: "deleted",
    entity: entity.name,
  }),
  event: (event: EventHandle, payload?: Record<string, unknown>): TriggerOf<"event"> & Of<AnyEntity> =>
    ({ on: "event", event: event.name, ...(payload ? { payload } : {}) }) as TriggerOf<"event">,
  schedule: (cron: string, zone = "UTC"): TriggerOf<"schedule"> & Of<AnyEntity> => ({
    on: "schedule",
    cron,
    zone,
  }),
  date: <E extends AnyEntity>(
    entity: E,
    field: Names<E>,
    options: Omit<TriggerOf<"date">, "on" | "entity" | "field"> = {},
  ): TriggerOf<"date"> & Of<E> => ({ on: "date", entity: entity.name, field, ...options }),
  manual: <E extends AnyEntity>(entity?: E): TriggerOf<"manual"> & Of<E> => ({
    on: "manual",
    ...(entity ? { entity: entity.name } : {}),
  }),
} as const;
