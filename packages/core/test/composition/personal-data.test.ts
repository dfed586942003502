import { contact, crmCore, defineEntity, definePersonalData, reference } from "@corm/core";
import { createTestCrm } from "@corm/core/testing";
import Type from "typebox";
import { describe, expect, it } from "vitest";
import { plugin, problemsOf } from "./refused.js";

const requires = { requires: { crm: "^0.1" } };
const visit = defineEntity("visit", {
  fields: {
    place: Type.String(),
    code: Type.String({ pattern: "^[A-Z]+$" }),
    contactId: Type.Optional(reference(contact, { onDelete: "set null" })),
    nextId: Type.Optional(reference("visit", { onDelete: "set null" })),
  },
});
const bill = defineEntity("bill", { fields: { visitId: reference(visit, { onDelete: "cascade" }) } });
const withPrivacy = (...privacy: ReturnType<typeof definePersonalData>[]) =>
  plugin("a", { entities: { visit }, privacy }, requires);

describe("references to people", () => {
  it("do not go round in a circle", async () => {
    const problems = await problemsOf(
      crmCore(),
      withPrivacy(definePersonalData(visit, { by: ["contactId", "nextId"], erase: "delete" })),
    );
    expect(problems).toEqual([expect.stringContaining("goes round in a circle by visit")]);
  });

  it("are refused where nobody says what erasing does to the record", async () => {
    const problems = await problemsOf(crmCore(), withPrivacy());
    expect(problems).toHaveLength(1);
    expect(problems[0]).toContain(`plugin "a": "visit.contactId" leads to a person ("contact")`);
    expect(problems[0]).toContain("definePersonalData(visit");
  });

  it("count also over other records", async () => {
    const declared = definePersonalData(visit, {
      by: ["contactId"],
      unrelated: ["nextId"],
      erase: "anonymise",
      keep: ["code"],
    });
    const parts = { entities: { visit, bill }, privacy: [declared] };
    const problems = await problemsOf(crmCore(), plugin("a", parts, requires));
    expect(problems).toEqual([expect.stringContaining(`"bill.visitId" leads to what is kept of a person`)]);
  });

  it("may be said not to make a record personal", async () => {
    const unrelated = definePersonalData(visit, {
      unrelated: ["contactId", "nextId"],
      erase: { keep: "about a place" },
    });
    const { crm } = await createTestCrm({ plugins: [crmCore(), withPrivacy(unrelated)] });
    await crm.stop();
  });

  it("are declared with what exists, once, and with values that fit", async () => {
    const problems = await problemsOf(
      crmCore(),
      withPrivacy(
        definePersonalData(visit, { by: ["contactId", "place"], unrelated: ["nextId"], erase: "anonymise" }),
        definePersonalData(visit, { keep: ["plaec"] as never, erase: "delete" }),
        definePersonalData(defineEntity("nothing", { fields: {} }), { erase: "delete" }),
      ),
    );
    expect(problems).toEqual([
      expect.stringContaining(`on the entity "nothing", which no plugin declares`),
      expect.stringContaining(`"place" is not a reference`),
      expect.stringContaining(`names "plaec", which is not a field (did you mean "place"?)`),
      expect.stringContaining("must say erase once"),
      expect.stringContaining(`"code" is required, and "[erased]" does not fit it`),
    ]);
  });
});
