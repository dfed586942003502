import {
  defineEntity,
  type Input,
  json,
  longText,
  one,
  oneOf,
  type Row,
  reference,
  type Static,
  Type,
  team,
  user,
  withDefault,
} from "@corm/core";
import { leadPool } from "./lead-pool.js";
import { leadSource } from "./lead-source.js";

const option = Type.Object(
  {
    value: Type.String({ minLength: 1, maxLength: 200 }),
    label: Type.String({ minLength: 1, maxLength: 200 }),
  },
  { additionalProperties: false },
);

/** One question of a form. */
export const formField = Type.Object(
  {
    /** Under which the answer is posted; camelCase. */
    name: Type.String({ pattern: "^[a-z][a-zA-Z0-9]{0,47}$" }),
    label: Type.String({ minLength: 1, maxLength: 500 }),
    type: Type.Enum(["text", "textarea", "email", "tel", "url", "select", "checkbox", "consent"]),
    required: Type.Optional(Type.Boolean()),
    /** Of a `select`. */
    options: Type.Optional(Type.Array(option, { minItems: 1, maxItems: 300 })),
    maxLength: Type.Optional(Type.Integer({ minimum: 1, maximum: 20_000 })),
    /** The field of the lead that the answer goes to; default the one of the same name, if there is one. */
    to: Type.Optional(Type.String({ maxLength: 48 })),
    /** Of a `consent`: what an e-mail may be about. */
    topic: Type.Optional(Type.String({ minLength: 1, maxLength: 100 })),
    hint: Type.Optional(Type.String({ maxLength: 500 })),
  },
  { additionalProperties: false },
);
export type FormField = Static<typeof formField>;

const draft = defineEntity("captureForm", {
  fields: {
    /** Part of the public address: `/public/forms/{key}`. */
    key: Type.String({ pattern: "^[a-z0-9][a-z0-9-]{0,62}$" }),
    title: Type.String({ minLength: 1, maxLength: 200 }),
    intro: Type.Optional(longText({ maxLength: 5_000 })),
    fields: json(Type.Array(formField, { minItems: 1, maxItems: 50 })),
    active: withDefault(Type.Boolean(), true),
    /** BCP 47, of the labels and of the page's own words (English, German, French, Spanish and Chinese). */
    language: withDefault(
      Type.String({ pattern: "^[a-zA-Z]{2,3}(-[a-zA-Z0-9]{2,8})*$", maxLength: 35 }),
      "en",
    ),
    submitLabel: Type.Optional(Type.String({ minLength: 1, maxLength: 100 })),
    thanks: Type.Optional(longText({ maxLength: 5_000 })),
    /** Where a browser goes afterwards. Never taken from a request. */
    redirectUrl: Type.Optional(Type.String({ pattern: "^https://[^\\s\"'<>\\\\]+$", maxLength: 2_000 })),
    /** Pages that may embed the form, as CSP host sources; empty means any. */
    embedOrigins: Type.Optional(
      json(
        Type.Array(Type.String({ pattern: "^https?://(\\*\\.)?[a-zA-Z0-9.-]+(:\\d{1,5})?$" }), {
          maxItems: 50,
        }),
      ),
    ),
    /** The lead's e-mail address is asked whether it was him who sent the form. */
    doubleOptIn: withDefault(Type.Boolean(), false),
    /** Hours in which he can confirm. */
    confirmHours: withDefault(Type.Integer({ minimum: 1, maximum: 8_760 }), 100),
    /** When the lead is made: consents count from the confirmation on either way. */
    leadWhen: withDefault(oneOf(["confirmed", "submitted"]), "confirmed"),
    /** Whether the captcha of the app must be solved; for forms that the site itself shows. */
    captcha: withDefault(Type.Boolean(), false),
    /** Code of the campaign that leads belong to which come without `utm_campaign`. */
    campaign: Type.Optional(Type.String({ minLength: 1, maxLength: 100 })),
    /** Leads go into this pool, where they belong to nobody. */
    poolId: Type.Optional(reference(leadPool, { onDelete: "set null" })),
    sourceId: Type.Optional(reference(leadSource, { onDelete: "set null" })),
    /** Who gets the leads. */
    ownerId: Type.Optional(reference(user, { onDelete: "set null" })),
    /** In which the assignment rules look for somebody who gets the leads. */
    teamId: Type.Optional(reference(team, { onDelete: "set null" })),
  },
  relations: { source: one("sourceId"), owner: one("ownerId"), team: one("teamId") },
  // The team is that of the leads: who may see the form does not follow from it.
  access: { team: null },
  unique: [["key"]],
  searchable: ["key", "title"],
});

export interface CaptureForm extends Row<typeof draft> {}
export interface CaptureFormInput extends Input<typeof draft> {}
/** A public form whose answers become leads. */
export const captureForm = draft.as<CaptureForm, CaptureFormInput>();
