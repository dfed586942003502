import { defineError } from "./define-error.js";

export const NotTemporal = defineError<{ entity: string }>("not-temporal", {
  status: 400,
  title: "Only the present is known",
  detail: ({ entity }) =>
    `"${entity}" keeps no past states. Leave "asOf" out, or declare it with defineEntity("${entity}", { temporal: true }).`,
});

export const BeforeHistory = defineError<{ entity: string; since: string; asOf: string }>("before-history", {
  status: 400,
  title: "The states of that time were not kept",
  detail: ({ entity, since, asOf }) =>
    `States of "${entity}" are kept since ${since}, and "asOf" is ${asOf}. Ask for a later moment; the journal may tell more.`,
});
