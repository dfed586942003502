import { type CormClientError, isCormClientError } from "../../src/index.js";

/** What a call fails with; anything but an error of the client fails the test. */
export async function failureOf(work: Promise<unknown>): Promise<CormClientError> {
  const error: unknown = await work.then(
    (value) => new Error(`it did not fail, but answered ${JSON.stringify(value)}`),
    (reason: unknown) => reason,
  );
  if (isCormClientError(error)) return error;
  throw error;
}
