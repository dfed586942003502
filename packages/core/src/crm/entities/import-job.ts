import Type from "typebox";
import { defineEntity, type Input, type Row } from "../../entity/define-entity.js";
import { instant, json, longText, oneOf, reference, withDefault } from "../../schema/field.js";

const jobDraft = defineEntity("importJob", {
  fields: {
    /** Name of the entity that the rows become. */
    target: Type.String({ maxLength: 48 }),
    /** Who brought the file: `user:<id>`. Nobody else sees the job. */
    startedBy: Type.String({ maxLength: 200 }),
    state: oneOf(["running", "finished", "interrupted", "failed", "reverting", "reverted"]),
    /** Everything that a resumed run must do in the same way. */
    options: json(Type.Unknown()),
    /** The columns of the file. */
    header: json(Type.Array(Type.String())),
    /** Records of the file that are decided. Written with the batch that they are in. */
    position: Type.Integer({ minimum: 0 }),
    /** Of those records, so that another file is not taken for the rest of this one. */
    digest: Type.String({ maxLength: 16 }),
    accepted: Type.Integer({ minimum: 0 }),
    rejected: Type.Integer({ minimum: 0 }),
    /** Of the accepted rows, those that were left out as duplicates, and those that changed the record they were found to be. */
    skipped: withDefault(Type.Integer({ minimum: 0 }), 0),
    matched: withDefault(Type.Integer({ minimum: 0 }), 0),
    /** Bytes of the file that were read for them; and of the whole file, where that is known. */
    bytesRead: withDefault(Type.Integer({ minimum: 0 }), 0),
    bytesTotal: Type.Optional(Type.Integer({ minimum: 0 })),
    /** Since when the present run is at it, and where it began. */
    runAt: Type.Optional(instant()),
    runFrom: withDefault(Type.Integer({ minimum: 0 }), 0),
    /** Records whose change was taken back, and those that were changed since and stay. */
    reverted: withDefault(Type.Integer({ minimum: 0 }), 0),
    kept: withDefault(Type.Integer({ minimum: 0 }), 0),
    /** The last entry of the journal that was taken back: going on begins behind it. */
    revertedTo: Type.Optional(Type.String({ maxLength: 36 })),
    /** Why it did not come to its end. */
    problem: Type.Optional(longText({ maxLength: 4000 })),
    finishedAt: Type.Optional(instant()),
  },
  indexes: [["startedBy"]],
  immutable: ["target", "startedBy", "options", "header"],
  internal: true,
});
export interface ImportJob extends Row<typeof jobDraft> {}
export interface ImportJobInput extends Input<typeof jobDraft> {}
/** One file on its way in, and how far it has come. */
export const importJob = jobDraft.as<ImportJob, ImportJobInput>();

/** Days that a row which was not taken waits to be corrected. */
export const REJECTION_DAYS = 30;

const rejectionDraft = defineEntity("importRejection", {
  fields: {
    jobId: reference(importJob, { onDelete: "cascade" }),
    /** Where in the file it begins: of CSV, the line. */
    row: Type.Integer(),
    reason: longText({ maxLength: 4000 }),
    /** The cells as they came, as a JSON list: text of any kind, also what no field could hold. */
    cells: longText({ maxLength: 8_000_000 }),
  },
  indexes: [["jobId", "row"]],
  internal: true,
  // What became no record is in no history either.
  journal: false,
});
export interface ImportRejection extends Row<typeof rejectionDraft> {}
export interface ImportRejectionInput extends Input<typeof rejectionDraft> {}
/** A row of a file that was not taken, and why. */
export const importRejection = rejectionDraft.as<ImportRejection, ImportRejectionInput>();
