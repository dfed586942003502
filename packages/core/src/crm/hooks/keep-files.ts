import { InvalidFileTicket } from "../../files/errors.js";
import { safeName } from "../../files/safe-name.js";
import { before, committed, each, type HookDefinition } from "../../hooks/define-hook.js";
import type { Session } from "../../runtime/session.js";
import { attachment } from "../entities/attachment.js";
import { readTicket } from "../services/file-tickets.js";

/** An attachment is of bytes that the same tenant has uploaded, and nothing that its maker says of them counts. */
export const keepFiles: readonly HookDefinition[] = [
  before(
    attachment,
    "create",
    { name: "crm.take-upload", stage: "early" },
    each(({ input }, ctx) => {
      const facts = readTicket(ctx, input.key);
      if (!facts) throw InvalidFileTicket({});
      Object.assign(input, facts);
      if (typeof input.name === "string") input.name = safeName(input.name);
    }),
  ),
  before(
    attachment,
    "update",
    { name: "crm.name-file", stage: "early" },
    each(({ patch }) => {
      if (typeof patch.name === "string") patch.name = safeName(patch.name);
    }),
  ),
  // After the commit: what is rolled back keeps its bytes. What is left by a crash between is swept away.
  committed(attachment, "purge", { name: "crm.drop-files" }, async (batch, ctx) => {
    const keys = batch.map(({ before }) => before.key);
    await (ctx as Session).runtime.files.remove(keys);
  }),
];
