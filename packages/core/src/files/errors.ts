import { defineError } from "../errors/define-error.js";

export const FileStoreFailed = defineError<{ store: string; doing: string; reason: string }>(
  "file-store-failed",
  {
    status: 503,
    title: "The file store does not answer",
    detail: ({ doing }) => `The file store could not ${doing}. Nothing was changed: try again later.`,
  },
);

export const FileMissing = defineError<{ id: string }>("file-missing", {
  status: 410,
  title: "The file is gone",
  detail: ({ id }) => `The bytes of attachment ${id} are not in the file store any more.`,
});

export const FileTooLarge = defineError<{ limit: number }>("file-too-large", {
  status: 413,
  title: "The file is too large",
  detail: ({ limit }) => `A file has at most ${limit} bytes here. Make it smaller, or link to it.`,
});

export const InvalidFileTicket = defineError("invalid-file-ticket", {
  status: 422,
  title: "The file was not uploaded",
  detail: () =>
    `"key" takes what an upload has answered, of this tenant and of the last 24 hours: upload the file again.`,
  issues: () => [{ pointer: "/key", code: "invalid-file-ticket", message: "is not what an upload answers" }],
});
