export { createHttp } from "./app.js";
export type { SignInOptions } from "./auth/options.js";
export type {
  PersonRules,
  ProvenPerson,
  ProvisionedUser,
  SignInAttempt,
  SignInProvider,
} from "./auth/provider.js";
export { type Authenticate, type Authenticator, bearerToken } from "./authenticate.js";
export { databaseLimiter } from "./limits/database-limiter.js";
export { memoryLimiter } from "./limits/memory-limiter.js";
export type { RateLimitOptions } from "./limits/options.js";
export type { RateDecision, RateLimiter, RateRule } from "./limits/rate-limiter.js";
export type { HttpCrm, HttpOptions } from "./options.js";
export { type Problem, toProblem } from "./problem.js";
