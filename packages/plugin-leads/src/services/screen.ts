import type { FormField } from "../entities/capture-form.js";
import { type Answers, countLinks } from "./form-answers.js";
import type { FormTicket } from "./form-token.js";

/** Why a submission is held back. */
export type HoldReason =
  | "rate-limited"
  | "too-large"
  | "forged-token"
  | "too-fast"
  | "expired"
  | "honeypot"
  | "too-many-links"
  | "captcha-failed";

export interface ScreenLimits {
  readonly minFillSeconds: number;
  readonly maxFormAgeHours: number;
  readonly maxLinks: number;
  readonly maxTextLength: number;
}

export interface Screened {
  readonly ticket: FormTicket | undefined;
  readonly fields: readonly FormField[];
  readonly answers: Answers;
  readonly honeypot: unknown;
  readonly withinRate: boolean;
  readonly textLength: number;
  /** Epoch milliseconds. */
  readonly now: number;
}

/** The first thing about a submission that no person does, or undefined. */
export function screen(submission: Screened, limits: ScreenLimits): HoldReason | undefined {
  const { ticket, now } = submission;
  if (!submission.withinRate) return "rate-limited";
  if (!ticket) return "forged-token";
  const age = now - ticket.issuedAt;
  if (age < limits.minFillSeconds * 1000) return "too-fast";
  if (age > limits.maxFormAgeHours * 3_600_000) return "expired";
  if (submission.honeypot !== undefined && submission.honeypot !== null && submission.honeypot !== "") {
    return "honeypot";
  }
  if (submission.textLength > limits.maxTextLength) return "too-large";
  if (countLinks(submission.fields, submission.answers) > limits.maxLinks) return "too-many-links";
  return undefined;
}

/** Looks worth filling in to a program, and is hidden from people. No form may ask for it. */
export const HONEYPOT = "confirmFax";
