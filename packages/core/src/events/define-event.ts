import type { TSchema } from "typebox";
import type { EventHandle } from "../context/event.js";
import type { ValueOf } from "../schema/field.js";

export interface EventDefinition<Payload = unknown> extends EventHandle<Payload> {
  readonly schema: TSchema;
}

/**
 * Declares something that happens in the business and that others may want to hear of. It is stored in the journal
 * with the transaction that emits it. List it in the plugin's `events`; its name and payload are a contract.
 *
 * @param name `entity.happened`, such as `lead.converted`
 * @example
 * export const leadConverted = defineEvent("lead.converted", Type.Object({ contactId: Type.String() }));
 * // in an action: await ctx.emit(leadConverted, { contactId }, { entity: lead, record: lead.id });
 */
export function defineEvent<S extends TSchema>(name: string, schema: S): EventDefinition<ValueOf<S>> {
  return { name, schema };
}
