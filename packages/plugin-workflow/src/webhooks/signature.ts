import { createHmac, timingSafeEqual } from "node:crypto";

/** Seconds that a message may be old, or early: of the specification's libraries. */
export const TOLERANCE_SECONDS = 300;
const PREFIX = "whsec_";
const VERSION = "v1";

/** The key of a secret as the specification writes it: base64, `whsec_` in front or not. */
function keyOf(secret: string): Buffer {
  return Buffer.from(secret.startsWith(PREFIX) ? secret.slice(PREFIX.length) : secret, "base64");
}

/**
 * The signature header of a message, as Standard Webhooks has it: one signature for each secret, so that a receiver takes
 * it by the old or the new one while they change.
 *
 * @param timestamp seconds
 * @param body the bytes that are sent, as text
 */
export function signWebhook(
  secrets: readonly string[],
  { id, timestamp, body }: { readonly id: string; readonly timestamp: number; readonly body: string },
): string {
  return secrets
    .map((secret) => {
      const mac = createHmac("sha256", keyOf(secret)).update(`${id}.${timestamp}.${body}`).digest("base64");
      return `${VERSION},${mac}`;
    })
    .join(" ");
}

export interface WebhookHeaders {
  readonly id: string | null | undefined;
  readonly timestamp: string | null | undefined;
  readonly signature: string | null | undefined;
}

/**
 * Whether a message is from whoever has one of the secrets, and not an old one sent again. Pure.
 *
 * @param now seconds
 */
export function verifyWebhook(
  secrets: readonly string[],
  { id, timestamp, signature }: WebhookHeaders,
  body: string,
  now: number,
): boolean {
  if (!id || !signature || !timestamp || !/^\d{1,12}$/.test(timestamp)) return false;
  const seconds = Number(timestamp);
  if (Math.abs(now - seconds) > TOLERANCE_SECONDS) return false;
  const given = signature.split(" ").flatMap((one) => {
    const [version, mac] = one.split(",");
    return version === VERSION && mac ? [Buffer.from(mac)] : [];
  });
  const expected = signWebhook(secrets, { id, timestamp: seconds, body })
    .split(" ")
    .filter((one) => one !== "")
    .map((one) => Buffer.from(one.slice(VERSION.length + 1)));
  // Each with each, whatever the first answer is: the time tells nothing.
  let valid = false;
  for (const mac of given)
    for (const right of expected)
      if (mac.length === right.length && timingSafeEqual(mac, right)) valid = true;
  return valid;
}
