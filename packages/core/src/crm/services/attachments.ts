import type { Context } from "../../context/context.js";
import { ValidationFailed } from "../../errors/core-errors.js";
import { FileMissing } from "../../files/errors.js";
import { isId } from "../../repository/parse-condition.js";
import type { Session } from "../../runtime/session.js";
import { defineService } from "../../services/define-service.js";
import { type Attachment, attachment } from "../entities/attachment.js";
import { readTicket } from "./file-tickets.js";
import { type FileInput, type UploadedFile, uploadFile } from "./upload-file.js";

/** A record that files hang on. */
export interface AttachedTo {
  readonly entity: { readonly name: string };
  readonly id: string;
}

/** An attachment with its bytes, which are read as they are asked for. */
export interface OpenedFile {
  readonly attachment: Attachment;
  readonly bytes: AsyncIterable<Uint8Array>;
}

/** The files of records: who may read a record may read its files, where his role says so. */
export interface Attachments {
  /**
   * Stores bytes that belong to no record yet. Not inside a transaction: the store is another system. What is not attached
   * within a day is swept away.
   *
   * @throws file-too-large, file-store-failed, transaction-misuse
   */
  upload(file: FileInput): Promise<UploadedFile>;
  /**
   * Makes an uploaded file an attachment of a record, also inside a transaction; or stores and attaches a file in one go.
   *
   * @throws validation-failed where the actor may not see the record; forbidden; invalid-file-ticket
   */
  attach(to: AttachedTo, file: UploadedFile | FileInput): Promise<Attachment>;
  /** @throws not-found, file-missing, file-store-failed */
  open(id: string): Promise<OpenedFile>;
}

export const attachments = defineService<Attachments>("crm.attachments");

const nothingThere = (entity: string, id: string) =>
  ValidationFailed({
    entity: attachment.name,
    issues: [
      {
        pointer: "/recordId",
        code: "reference-not-found",
        message: `there is no ${entity.slice(0, 48)} ${id.slice(0, 36)}`,
      },
    ],
  });

export function attachmentsOf(ctx: Context): Attachments {
  const { files } = (ctx as Session).runtime;
  return {
    upload: (file) => uploadFile(ctx, file),
    async attach({ entity, id }, file) {
      const create = ({ name, ticket: key }: UploadedFile) =>
        ctx.repo(attachment).create({ entity: entity.name, recordId: id, name, key });
      if ("ticket" in file) return create(file);
      // Before anything is stored: who may not attach does not fill the disk.
      if (!isId(id) || !ctx.hasEntity(entity.name) || !(await ctx.can("read", entity, id)))
        throw nothingThere(entity.name, id);
      const uploaded = await uploadFile(ctx, file);
      try {
        return await create(uploaded);
      } catch (error) {
        const facts = readTicket(ctx, uploaded.ticket);
        if (facts) await files.remove([facts.key]).catch((failed) => (ctx as Session).runtime.report(failed));
        throw error;
      }
    },
    async open(id) {
      const found = await ctx.repo(attachment).get(id);
      const bytes = await files.get(found.key, { signal: ctx.signal });
      if (!bytes) throw FileMissing({ id: found.id });
      return { attachment: found, bytes };
    },
  };
}
