import { defineError } from "../errors/define-error.js";

export const WeakSecret = defineError<{ what: string; least: number }>("weak-secret", {
  status: 422,
  title: "A secret is too short",
  detail: ({ what, least }) =>
    `${what} has at least ${least} characters, so that nobody finds it out. Make one with: openssl rand -base64 32`,
});

export const RightsExceeded = defineError<{ what: string }>("rights-exceeded", {
  status: 403,
  title: "Nobody grants what he does not have",
  detail: ({ what }) => `${what} allows more than your own roles do. Ask an administrator.`,
});

export const SignInFailed = defineError("sign-in-failed", {
  status: 401,
  title: "Not signed in",
  detail: () => "There is no active user with this e-mail address and password.",
});

export const PasswordRefused = defineError<{ reason: string; pointer?: string }>("password-refused", {
  status: 422,
  title: "The password is not taken",
  detail: ({ reason }) => `The password ${reason}.`,
  issues: ({ reason, pointer = "/password" }) => [{ pointer, code: "password-refused", message: reason }],
});

export const InvalidToken = defineError("invalid-token", {
  status: 400,
  title: "The link does not hold",
  detail: () => "The link is not valid: it may have been used, or have run out. Ask for a new one.",
});

export const HashingBusy = defineError("hashing-busy", {
  status: 503,
  title: "Too many people sign in at once",
  detail: () => "Too many passwords are being checked at this moment. Try again in a few seconds.",
});

export const AlreadyInvited = defineError<{ id: string }>("already-has-password", {
  status: 409,
  title: "The user has a password already",
  detail: ({ id }) => `User ${id} has a password: he resets it himself, if he does not know it any more.`,
});

export const NoMessages = defineError("no-account-messages", {
  status: 409,
  title: "The app sends no messages to its users",
  detail: () =>
    `Nobody can be invited by a message: no plugin of this app provides the service "crm.accountMessages", which sends it.`,
});

export const NoLogin = defineError<{ id: string; reason: string }>("no-login", {
  status: 409,
  title: "The user cannot sign in",
  detail: ({ id, reason }) => `User ${id} ${reason}.`,
});

export const RateMissing = defineError<{ from: string; to: string; on: string }>("rate-missing", {
  status: 422,
  title: "No exchange rate is known",
  detail: ({ from, to, on }) =>
    `There is no rate from ${from} to ${to} that holds on ${on}, nor one over a third currency. Enter a "currencyRate" with "validFrom" on or before that day.`,
});

export const InvalidQualityRule = defineError<{ rule: string; problems: readonly string[] }>(
  "invalid-quality-rule",
  {
    status: 422,
    title: "A rule of quality is not usable",
    detail: ({ rule, problems }) => `The rule "${rule}" cannot be used: ${problems.join("; ")}.`,
    issues: ({ problems }) =>
      problems.map((message) => ({ pointer: "", code: "invalid-quality-rule", message })),
  },
);
