import { defineError } from "../errors/define-error.js";

export const InvalidMerge = defineError<{ reason: string }>("invalid-merge", {
  status: 422,
  title: "These records cannot be merged so",
  detail: ({ reason }) => reason,
});

export const MergeNotUndoable = defineError<{ id: string; reason: string }>("merge-not-undoable", {
  status: 409,
  title: "The merge cannot be undone",
  detail: ({ id, reason }) => `Merge ${id} cannot be undone: ${reason}.`,
});
