import {
  defineEntity,
  encrypted,
  filledByHook,
  type Input,
  instant,
  json,
  longText,
  one,
  oneOf,
  type Row,
  recordId,
  reference,
  secret,
  sensitive,
  Type,
  user,
  withDefault,
} from "@corm/core";

const name = () => Type.String({ minLength: 1, maxLength: 60 });

/** What an endpoint wants to hear of. */
export const subscription = Type.Object(
  {
    /** Changes of these records … */
    entity: Type.Optional(name()),
    operations: Type.Optional(
      Type.Array(Type.Enum(["create", "update", "delete", "restore", "purge"]), { minItems: 1, maxItems: 5 }),
    ),
    /** … in which one of these fields has another value; of updates. */
    fields: Type.Optional(Type.Array(name(), { minItems: 1, maxItems: 50 })),
    /** … that satisfy this, in the filter language, when it is looked at. */
    where: Type.Optional(Type.Record(Type.String(), Type.Unknown())),
    /** Or events of this name. */
    event: Type.Optional(Type.String({ maxLength: 100 })),
  },
  { additionalProperties: false },
);

const draft = defineEntity("webhookEndpoint", {
  fields: {
    name: Type.String({ minLength: 1, maxLength: 200 }),
    url: Type.String({ minLength: 1, maxLength: 2000 }),
    active: withDefault(Type.Boolean(), true),
    subscriptions: json(Type.Array(subscription, { maxItems: 50 })),
    /** Whose eyes it sees with: records and fields that he may not see are not sent. Default: who makes it. */
    principalId: filledByHook(reference(user, { onDelete: "restrict" })),
    /** Messages of one record, or all of them, one after another: one that fails holds up those behind it. */
    ordering: withDefault(oneOf(["none", "record", "endpoint"]), "none"),
    /** Signs what is sent. Nobody reads it: `rotateSecret` makes another one, and shows it once. */
    secret: Type.Optional(secret(encrypted(Type.String({ maxLength: 200 })))),
    /** The one before, which signs as well until `previousUntil`. */
    previousSecret: Type.Optional(secret(encrypted(Type.String({ maxLength: 200 })))),
    previousUntil: Type.Optional(instant()),
    /** Since when nothing has arrived. Kept by the plugin. */
    failingSince: Type.Optional(instant()),
    /** Why the plugin has turned it off. */
    disabledReason: Type.Optional(Type.String({ maxLength: 300 })),
  },
  relations: { principal: one("principalId") },
  indexes: [["active"]],
  searchable: ["name"],
});

export interface WebhookEndpoint extends Row<typeof draft> {}
export interface WebhookEndpointInput extends Input<typeof draft> {}
/** Another system that hears of what happens. */
export const webhookEndpoint = draft.as<WebhookEndpoint, WebhookEndpointInput>();

const deliveryDraft = defineEntity("webhookDelivery", {
  plural: "webhookDeliveries",
  fields: {
    endpointId: reference(webhookEndpoint, { onDelete: "cascade" }),
    /** The `webhook-id`: the same at every attempt and replay, so that a receiver takes it once. */
    messageId: Type.String({ minLength: 1, maxLength: 200 }),
    /** Such as `lead.updated`. */
    type: Type.String({ minLength: 1, maxLength: 200 }),
    /** What is sent, to the byte. Records as the endpoint's principal sees them: who reads deliveries need not. */
    payload: sensitive(longText()),
    entity: Type.Optional(Type.String({ maxLength: 60 })),
    recordId: Type.Optional(recordId()),
    state: withDefault(oneOf(["pending", "delivered", "failed", "cancelled"]), "pending"),
    attempts: withDefault(Type.Integer({ minimum: 0 }), 0),
    /** The last attempts: what was answered, or what went wrong. */
    log: withDefault(
      json(
        Type.Array(
          Type.Object({
            at: Type.String(),
            status: Type.Union([Type.Integer(), Type.Null()]),
            error: Type.Union([Type.String(), Type.Null()]),
          }),
        ),
      ),
      [],
    ),
    queuedAt: instant(),
    /** The job that sends it: one that has died, or was cancelled, takes the message along. */
    jobId: Type.Optional(recordId()),
    deliveredAt: Type.Optional(instant()),
  },
  relations: { endpoint: one("endpointId") },
  unique: [["endpointId", "messageId"]],
  indexes: [["endpointId", "queuedAt"], ["state", "queuedAt"], ["jobId"]],
  immutable: ["endpointId", "messageId", "type"],
  journal: false,
});

export interface WebhookDelivery extends Row<typeof deliveryDraft> {}
export interface WebhookDeliveryInput extends Input<typeof deliveryDraft> {}
/** One message to one endpoint, and what became of it. */
export const webhookDelivery = deliveryDraft.as<WebhookDelivery, WebhookDeliveryInput>();
