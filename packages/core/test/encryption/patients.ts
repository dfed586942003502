import {
  type AnyPlugin,
  date,
  defineEntity,
  definePlugin,
  encrypted,
  extendEntity,
  type Input,
  instant,
  json,
  longText,
  many,
  money,
  one,
  type PluginFactory,
  type PluginOf,
  type Row,
  reference,
} from "@corm/core";
import Type from "typebox";

const draft = defineEntity("patient", {
  fields: {
    name: Type.String({ minLength: 1, maxLength: 100 }),
    ssn: Type.Optional(encrypted(Type.String({ maxLength: 40 }), { searchable: true })),
    email: Type.Optional(encrypted(Type.String({ maxLength: 200 }), { searchable: "caseless" })),
    diagnosis: Type.Optional(encrypted(longText())),
    born: Type.Optional(encrypted(date(), { searchable: true })),
    seenAt: Type.Optional(encrypted(instant())),
    weight: Type.Optional(encrypted(Type.Number(), { searchable: true })),
    visits: Type.Optional(encrypted(Type.Integer())),
    smoker: Type.Optional(encrypted(Type.Boolean())),
    debt: Type.Optional(encrypted(money())),
    extra: Type.Optional(encrypted(json(Type.Unknown()))),
  },
  unique: [["ssn"]],
  searchable: ["name"],
  temporal: true,
});
export interface Patient extends Row<typeof draft> {}
export interface PatientInput extends Input<typeof draft> {}
export const patient = draft.as<Patient, PatientInput>();

const visitDraft = defineEntity("visit", {
  fields: { place: Type.String(), patientId: reference(patient, { onDelete: "cascade" }) },
  relations: { patient: one("patientId") },
});
export interface Visit extends Row<typeof visitDraft> {}
export interface VisitInput extends Input<typeof visitDraft> {}
export const visit = visitDraft.as<Visit, VisitInput>();

export const patientWithVisits = extendEntity(patient, { relations: { calls: many(visit, "patientId") } });

const definition = definePlugin({
  name: "practice",
  version: "1.0.0",
  corm: "^0.1",
  setup: () => ({ entities: { patient, visit }, extends: { patient: patientWithVisits } }),
});
export interface PracticePlugin extends PluginOf<typeof definition> {}
/** Patients have an encrypted field of every kind. */
export const practice: PluginFactory<PracticePlugin, Record<never, never>> = definition;

export const practices: readonly AnyPlugin[] = [practice()];

/** A value of every encrypted field, each with a word that occurs nowhere else. */
export const secrets = {
  ssn: "canary-ssn-881",
  email: "Canary-Mail-882@example.org",
  diagnosis: "canary-diagnosis-883 ü 漢字",
  born: "1971-03-09",
  seenAt: "2025-11-02T03:04:05.678Z",
  weight: 83.125,
  visits: 918273,
  smoker: true,
  debt: { amount: "918.27", currency: "EUR" },
  extra: { note: "canary-json-884", list: ["canary-list-885"] },
};

/** How those values would show if they were stored as they are. */
export const canaries = [
  "canary-ssn-881",
  "anary-Mail-882",
  "anary-mail-882",
  "canary-diagnosis-883",
  "1971-03-09",
  "2025-11-02",
  "83.125",
  "918273",
  "918.27",
  "91827",
  "canary-json-884",
  "canary-list-885",
];
