import { contact } from "@corm/core";
import { expect, it } from "vitest";
import { receive, serviceCrm } from "./support.js";

it("the address of somebody who writes is from his mail", async () => {
  const kit = await serviceCrm(undefined, { provenance: { contact: ["email"] } });
  await receive(kit.me, { id: "one@engines.example" });
  const ada = await kit.me.repo(contact).first({ where: { email: "ada@engines.example" } });
  expect((await kit.me.repo(contact).provenance(ada!.id))["email"]).toMatchObject({
    source: "mail",
    reference: "one@engines.example",
    cause: ["ticket.receiveEmail", "contact.create"],
  });
  await kit.crm.stop();
});
