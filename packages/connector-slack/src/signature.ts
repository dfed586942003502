import { createHmac, timingSafeEqual } from "node:crypto";

/** Seconds that a request may be old, or early: as Slack asks for. */
const TOLERANCE = 300;

/**
 * Whether a request is from Slack: `x-slack-signature` is `v0=` and the HMAC-SHA-256, in hexadecimal, of
 * `v0:<timestamp>:<body>` by the app's signing secret.
 *
 * @param now seconds
 */
export function isFromSlack(
  secret: string,
  headers: Readonly<Record<string, string>>,
  body: string,
  now: number,
): boolean {
  const timestamp = headers["x-slack-request-timestamp"] ?? "";
  const given = Buffer.from(headers["x-slack-signature"] ?? "");
  if (!/^\d{1,12}$/.test(timestamp) || Math.abs(now - Number(timestamp)) > TOLERANCE) return false;
  const right = Buffer.from(
    `v0=${createHmac("sha256", secret).update(`v0:${timestamp}:${body}`).digest("hex")}`,
  );
  return given.length === right.length && timingSafeEqual(given, right);
}
