import { crmCore, territories } from "@corm/core";
import { createTestCrm } from "@corm/core/testing";
import { opportunity, sales, territory, territoryModel, territoryRule } from "@corm/plugin-sales";
import { assign, assignmentRule, workflow } from "@corm/plugin-workflow";
import { expect, it } from "vitest";
import { staff } from "../../plugin-workflow/test/support.js";

it("gives work to who manages the territory, or the nearest one above it", async () => {
  const { crm, me } = await createTestCrm({ plugins: [crmCore(), sales(), workflow()] });
  const { people, team } = await staff(me as never, 3);
  const [top, north, other] = people.map(({ id }) => id) as [string, string, string];
  const { id: modelId } = await me.repo(territoryModel).create({ name: "2026" });
  const make = (name: string, rest: object) => me.repo(territory).create({ modelId, name, ...rest });
  const europe = await make("Europe", { managerId: top });
  const germany = await make("Germany", { parentId: europe.id, managerId: north });
  const austria = await make("Austria", { parentId: europe.id });
  await me.repo(territoryRule).createMany([
    { territoryId: germany.id, name: "DE", where: { country: "DE" } },
    { territoryId: austria.id, name: "AT", where: { country: "AT" } },
  ]);
  const accounts = await me.entities.account.createMany(
    ["DE", "AT", "US"].map((country) => ({ name: country, country })),
  );
  const asked = () =>
    me.service(territories).usersOf(
      "account",
      accounts.map(({ id }) => id),
    );
  expect((await asked()).size).toBe(0);
  await me.entities.territoryModel.activate(modelId);
  expect([...(await asked()).values()]).toEqual([[north], [top], []]);

  const deals = await me
    .repo(opportunity)
    .createMany(accounts.map(({ id, name }) => ({ name, accountId: id })));
  // What somebody has pinned goes before what the account says.
  await me.repo(opportunity).update(deals[2]?.id as string, { territoryId: germany.id });
  const ids = deals.map(({ id }) => id);
  await me
    .repo(assignmentRule)
    .create({ name: "All", target: "opportunity", teamId: team.id, strategy: "territory" });
  await me.run(assign, { target: "opportunity", ids });
  const owners = await me.repo(opportunity).find({ where: { id: { in: ids } }, orderBy: ["id"], limit: 10 });
  expect(owners.items.map(({ ownerId }) => ownerId)).toEqual([north, top, north]);
  expect(other).toBeTruthy();
  // Of what hangs on an account, such as a contact, the same; of what does not, nothing.
  const person = await me.entities.contact.create({ lastName: "A", accountId: accounts[1]?.id as string });
  expect((await me.service(territories).usersOf("contact", [person.id])).get(person.id)).toEqual([top]);
  expect((await me.service(territories).usersOf("product", ["x"])).get("x")).toEqual([]);
  await crm.stop();
});
