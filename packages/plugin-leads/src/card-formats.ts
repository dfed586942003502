import { cardFormats, contribute } from "@corm/core";

/** Leads on vCards. */
export const leadCards = contribute(cardFormats, {
  entity: "lead",
  format: "vcard",
  columns: {
    UID: "externalId",
    "N.family": "lastName",
    "N.given": "firstName",
    EMAIL: "email",
    TEL: "phone",
    TITLE: "title",
    ORG: "company",
    "ADR.country": "country",
    URL: "website",
    NOTE: "notes",
  },
});
