import { cardFormats } from "../plugin/card-formats.js";
import { contribute } from "../plugin/extension-points.js";

/** Contacts on vCards, and activities that have a time in calendars. */
export const crmCardFormats = contribute(
  cardFormats,
  {
    entity: "contact",
    format: "vcard",
    columns: {
      UID: "externalId",
      "N.family": "lastName",
      "N.given": "firstName",
      EMAIL: "email",
      TEL: "phone",
      TITLE: "title",
      ORG: "account.name",
      "ADR.street": "street",
      "ADR.locality": "city",
      "ADR.region": "region",
      "ADR.code": "postalCode",
      "ADR.country": "country",
      BDAY: "birthday",
      "EMAIL.more": "contactPoint.email",
      "TEL.more": "contactPoint.phone",
    },
  },
  {
    entity: "activity",
    format: "ics",
    columns: {
      UID: "externalId",
      KIND: "kind",
      SUMMARY: "subject",
      DESCRIPTION: "body",
      DTSTART: "dueAt",
      COMPLETED: "doneAt",
    },
    todo: "task",
    event: "meeting",
  },
);
