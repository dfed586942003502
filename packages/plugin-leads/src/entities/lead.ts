import {
  account,
  contact,
  defineEntity,
  derived,
  type Input,
  instant,
  longText,
  normalized,
  one,
  oneOf,
  ownInMerge,
  type Row,
  reference,
  Type,
  team,
  user,
  withDefault,
} from "@corm/core";
import { leadPool } from "./lead-pool.js";
import { leadSource } from "./lead-source.js";

const draft = defineEntity("lead", {
  fields: {
    firstName: Type.Optional(normalized(Type.String({ maxLength: 100 }), "personName")),
    lastName: Type.Optional(normalized(Type.String({ maxLength: 100 }), "personName")),
    title: Type.Optional(normalized(Type.String({ maxLength: 100 }), "text")),
    company: Type.Optional(normalized(Type.String({ maxLength: 200 }), "company")),
    email: Type.Optional(normalized(Type.String({ format: "email", maxLength: 254 }), "email")),
    phone: Type.Optional(normalized(Type.String({ maxLength: 50 }), "phone", { country: "country" })),
    website: Type.Optional(normalized(Type.String({ maxLength: 500 }), "url")),
    industry: Type.Optional(Type.String({ maxLength: 100 })),
    country: Type.Optional(normalized(Type.String({ maxLength: 100 }), "text")),
    notes: Type.Optional(longText({ maxLength: 20_000 })),
    /** `converted` is set by `lead.convert` alone. */
    status: withDefault(oneOf(["new", "working", "qualified", "unqualified", "converted"]), "new"),
    /** How promising it is; more is better. With an active scoring model, what its rules give. */
    score: derived(withDefault(Type.Integer({ minimum: -1_000_000, maximum: 1_000_000 }), 0)),
    /** How well it fits the ideal customer of the active scoring model. */
    grade: Type.Optional(ownInMerge(derived(oneOf(["A", "B", "C", "D"])))),
    sourceId: Type.Optional(reference(leadSource, { onDelete: "set null" })),
    ownerId: Type.Optional(reference(user, { onDelete: "set null" })),
    /** In which people are looked for who could take it; default the one of the assignment rule. */
    teamId: Type.Optional(reference(team, { onDelete: "set null" })),
    /** In which it is, or from which its owner has it. */
    poolId: Type.Optional(ownInMerge(reference(leadPool, { onDelete: "set null" }))),
    /** How often it went back to its pool. */
    recycleCount: withDefault(Type.Integer({ minimum: 0 }), 0),
    /** Who had it last. */
    lastHolderId: Type.Optional(ownInMerge(reference(user, { onDelete: "set null" }))),
    convertedAt: Type.Optional(instant()),
    convertedAccountId: Type.Optional(reference(account, { onDelete: "set null" })),
    convertedContactId: Type.Optional(reference(contact, { onDelete: "set null" })),
    /** Not a reference: the plugin that keeps opportunities may be absent. */
    convertedOpportunityId: Type.Optional(Type.String({ format: "uuid" })),
    /** The e-mail, or else the phone, of an open lead that was captured: two captures at one moment cannot both make a lead. */
    captureKey: Type.Optional(Type.String({ maxLength: 254 })),
    /** Key of the person in the system that the record came from. */
    externalId: Type.Optional(Type.String({ maxLength: 200 })),
  },
  relations: {
    source: one("sourceId"),
    owner: one("ownerId"),
    team: one("teamId"),
    pool: one("poolId"),
    convertedAccount: one("convertedAccountId"),
    convertedContact: one("convertedContactId"),
  },
  indexes: [
    ["email"],
    ["status"],
    ["ownerId", "status"],
    ["teamId", "status"],
    ["poolId", "ownerId", "score"],
  ],
  unique: [["externalId"], ["captureKey"]],
  searchable: ["firstName", "lastName", "company", "email"],
});

export interface Lead extends Row<typeof draft> {}
export interface LeadInput extends Input<typeof draft> {}
/** Somebody who may become a customer, before anybody has found out. */
export const lead = draft.as<Lead, LeadInput>();
