import { account, activity, contact, contactPoint, crmCore, eraseSubject, exportSubject } from "@corm/core";
import { expect, test } from "vitest";
import { onDatabases } from "../support/apps.js";
import { dumpEverything } from "../support/dump.js";

const plugins = [crmCore()] as const;
const provenance = { contact: true, activity: true } as const;

onDatabases({ plugins, provenance, on: ["SQLite in a file", "PostgreSQL", "MariaDB"] }, (app) => {
  let people = 0;
  /** Two records of one person, each text with a word of its own, and a call of the second. */
  async function twins() {
    people += 1;
    const me = app().fresh();
    const canaries: string[] = [];
    const word = (place: string): string => {
      const canary = `canary-${people}-${place}`;
      canaries.push(canary);
      return canary;
    };
    const from = (name: string) =>
      me.from({ source: word(`source-${name}`), reference: word(`ref-${name}`) });
    const firm = await me.repo(account).create({ name: "Firm" });
    const ada = await from("ada")
      .repo(contact)
      .create({ lastName: word("ada"), email: `${word("mail")}@example.com`, accountId: firm.id });
    const twin = await from("twin")
      .repo(contact)
      .create({ lastName: word("twin"), email: `${word("other")}@example.com`, city: word("city") });
    const call = { kind: "call", subject: word("subject"), contactId: twin.id } as const;
    await from("call").repo(activity).create(call);
    const request = { survivorId: ada.id, ids: [twin.id] };
    const { mergeId } = await me.entities.contact.merge(request);
    return { me, ada, twin, firm, mergeId, canaries };
  }
  const leftOf = async (canaries: readonly string[]) => {
    const dump = await dumpEverything(app().url);
    return canaries.filter((canary) => dump.includes(canary));
  };

  const stepsOf = (tenant: string, mergeId: string) =>
    app()
      .crm.runtime.storage.forTenant(tenant)
      .findMany({
        table: "merge_step",
        columns: ["id"],
        where: {
          op: "and",
          of: [
            { op: "eq", column: "tenant_id", value: tenant },
            { op: "eq", column: "merge_id", value: mergeId },
          ],
        },
        orderBy: [],
        limit: 100,
      });

  test.each(["survivor", "merged record"])(
    "O119 O121 who was merged is one person, whether he is named by the %s: in an export, and in an erasure",
    async (which) => {
      const { me, ada, twin, firm, mergeId, canaries } = await twins();
      expect(await leftOf(canaries)).toEqual(canaries);
      // Accounts that were merged move him as well.
      const other = await me.repo(account).create({ name: "Other" });
      await me.entities.account.merge({ survivorId: other.id, ids: [firm.id] });
      const person = { entity: "contact", id: which === "survivor" ? ada.id : twin.id };
      const lines: string[] = [];
      for await (const line of exportSubject(me, person)) lines.push(line);
      const told = lines.join("");
      expect(canaries.filter((canary) => !told.includes(canary))).toEqual([]);
      await eraseSubject(me, person);
      expect(await leftOf(canaries)).toEqual([]);
      expect((await me.repo(contact).find({ withDeleted: true })).items).toEqual([]);
      expect(await stepsOf(me.tenant, mergeId)).toEqual([]);
    },
  );

  test("O119 who was taken out of the recycle bin after a merge is somebody of his own, and stays", async () => {
    const { me, ada, twin } = await twins();
    await me.repo(contact).restore(twin.id);
    await eraseSubject(me, { entity: "contact", id: ada.id });
    expect((await me.repo(contact).find({ withDeleted: true })).items).toMatchObject([
      { id: twin.id, city: twin.city },
    ]);
  });

  test("O119 what a merge that was taken back kept of one of them goes with his erasure, and nothing of the other", async () => {
    const { me, ada, twin, mergeId, canaries } = await twins();
    await me.entities.contact.unmerge({ mergeId });
    expect(await stepsOf(me.tenant, mergeId)).not.toEqual([]);
    await eraseSubject(me, { entity: "contact", id: twin.id });
    const of = (place: string) => canaries.filter((canary) => canary.endsWith(place));
    const gone = ["twin", "other", "subject", "ref-call"].flatMap(of);
    expect(await leftOf(gone)).toEqual([]);
    expect(await stepsOf(me.tenant, mergeId)).toEqual([]);
    expect(await me.repo(contact).get(ada.id)).toMatchObject({ lastName: ada.lastName, city: null });
    expect(await me.repo(contactPoint).count()).toBe(0);
  });
});
