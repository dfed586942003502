import { defineError } from "./define-error.js";

export const SubjectUnknown = defineError<{ reason: string }>("subject-unknown", {
  status: 404,
  title: "There is no such person",
  detail: ({ reason }) => reason,
});

export const ErasureMoved = defineError<{ id: string }>("erasure-moved", {
  status: 409,
  title: "Another run carries this erasure out",
  detail: ({ id }) => `The erasure ${id} was moved on by another run. Let that one finish.`,
});
