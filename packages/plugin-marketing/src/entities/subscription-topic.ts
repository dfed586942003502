import { defineEntity, type Input, longText, type Row, Type } from "@corm/core";

const draft = defineEntity("subscriptionTopic", {
  fields: {
    /** What the consent ledger calls it; never changes. */
    key: Type.String({ pattern: "^[a-z][a-z0-9-]*$", maxLength: 100 }),
    /** What recipients read on the unsubscribe page. */
    name: Type.String({ minLength: 1, maxLength: 200 }),
    description: Type.Optional(longText({ maxLength: 2_000 })),
  },
  unique: [["key"]],
  immutable: ["key"],
  searchable: ["name"],
});

export interface SubscriptionTopic extends Row<typeof draft> {}
export interface SubscriptionTopicInput extends Input<typeof draft> {}
/** What people subscribe to and unsubscribe from, such as a newsletter. */
export const subscriptionTopic = draft.as<SubscriptionTopic, SubscriptionTopicInput>();
