import {
  defineEntity,
  encrypted,
  filledByHook,
  type Input,
  instant,
  one,
  type Row,
  reference,
  secret,
  Type,
  withDefault,
} from "@corm/core";

const draft = defineEntity("connection", {
  fields: {
    name: Type.String({ minLength: 1, maxLength: 200 }),
    /** Name of the connector. */
    connector: Type.String({ minLength: 1, maxLength: 60 }),
    active: withDefault(Type.Boolean(), true),
    /** JSON, as the connector wants it. Nobody reads it: `setCredentials` writes it. */
    credentials: Type.Optional(secret(encrypted(Type.String({ maxLength: 10_000 })))),
    /** Where the other system sends to: `/public/hooks/{token}`. */
    token: filledByHook(Type.String({ minLength: 40, maxLength: 150 })),
  },
  unique: [["name"], ["token"]],
  immutable: ["connector", "token"],
  searchable: ["name"],
});

export interface Connection extends Row<typeof draft> {}
export interface ConnectionInput extends Input<typeof draft> {}
/** Another system with the credentials of this tenant. */
export const connection = draft.as<Connection, ConnectionInput>();

const messageDraft = defineEntity("incomingMessage", {
  fields: {
    connectionId: reference(connection, { onDelete: "cascade" }),
    /** As the other system names it: what comes twice counts once. */
    messageId: Type.String({ minLength: 1, maxLength: 200 }),
    event: Type.String({ minLength: 1, maxLength: 100 }),
    /** Runs that it has started. */
    runs: withDefault(Type.Integer({ minimum: 0 }), 0),
    receivedAt: instant(),
  },
  relations: { connection: one("connectionId") },
  unique: [["connectionId", "messageId"]],
  indexes: [["receivedAt"]],
  journal: false,
});

export interface IncomingMessage extends Row<typeof messageDraft> {}
export interface IncomingMessageInput extends Input<typeof messageDraft> {}
/** A message that came in, without what was in it. */
export const incomingMessage = messageDraft.as<IncomingMessage, IncomingMessageInput>();
