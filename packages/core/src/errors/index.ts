export * from "./core-errors.js";
export { CormError, type CormErrorInit, type Issue, isCormError } from "./corm-error.js";
export { defineError, type ErrorDefinition, type ErrorFactory } from "./define-error.js";
export * from "./encryption-errors.js";
export * from "./journal-errors.js";
export * from "./privacy-errors.js";
export * from "./storage-errors.js";
export * from "./temporal-errors.js";
export {
  CurrencyMismatch,
  InvalidArgument,
  InvalidCalendar,
  InvalidDate,
  InvalidDecimal,
  InvalidDuration,
  InvalidInstant,
  InvalidLocale,
  InvalidMoney,
  InvalidTimeZone,
  WorkingTimeOutOfReach,
} from "./value-errors.js";
