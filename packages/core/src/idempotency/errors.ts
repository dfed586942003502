import { defineError } from "../errors/define-error.js";

export const InvalidIdempotencyKey = defineError("invalid-idempotency-key", {
  status: 400,
  title: "The idempotency key is not valid",
  detail: () =>
    "An Idempotency-Key is 1 to 255 printable ASCII characters, such as a UUID that is made once for each thing to be done.",
});

export const IdempotencyMismatch = defineError("idempotency-mismatch", {
  status: 422,
  title: "The idempotency key was used for another request",
  detail: () =>
    "This Idempotency-Key belongs to a request with another path or body. Send what was sent first, or make a new key.",
});

export const InProgress = defineError<{ retryAfterSeconds: number }>("in-progress", {
  status: 409,
  title: "The same request is running",
  detail: () =>
    "A request with this Idempotency-Key has not been answered yet. Send the same again in a moment: it gets the answer of the first.",
});

export const AnswerNotKept = defineError<{ reason: string }>("answer-not-kept", {
  status: 409,
  title: "The request was done, its answer is gone",
  detail: ({ reason }) =>
    `The request with this Idempotency-Key has succeeded and is not done again. Its answer ${reason}: read what it made.`,
});
