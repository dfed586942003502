import {
  account,
  contact,
  crmCore,
  definePlugin,
  defineRole,
  extendEntity,
  grant,
  sensitive,
  Type,
  user,
} from "@corm/core";
import { createTestCrm } from "@corm/core/testing";
import { expect, test } from "vitest";
import { marketing, messageTemplate } from "../src/index.js";

const insured = extendEntity(contact, {
  fields: { ssn: Type.Optional(sensitive(Type.String({ maxLength: 40 }))) },
});

const insurance = definePlugin({
  name: "insurance",
  version: "1.0.0",
  corm: "^0.1",
  requires: { crm: "*" },
  setup: () => ({ extends: { contact: insured } }),
});
/** Writes templates, and reads contacts but for what is sensitive. */
const writer = defineRole({
  name: "writer",
  permissions: ["messageTemplate.*"],
  entities: {
    ...grant(user, { read: "all" }),
    ...grant(contact, { read: "all" }),
    ...grant(account, { read: "all" }),
    ...grant(messageTemplate, { read: "all", create: "all", update: "all" }),
  },
});

test("C38 a template brings no field of a person to somebody who may not read it", async () => {
  const app = await createTestCrm({ plugins: [crmCore(), marketing(), insurance()], roles: [writer] });
  const { id: writerId } = await app.me.repo(user).create({ name: "Writer" });
  const u1 = app.crm.as({ actor: { kind: "user", id: writerId }, tenant: "test", roles: ["writer"] });
  const person = await app.me.repo(insured).create({ lastName: "Lovelace", ssn: "ssn-canary" });
  expect(person.ssn).toBe("ssn-canary");

  const templates = () => app.me.repo(messageTemplate).find({ orderBy: ["id"] });
  const plain = await u1.repo(messageTemplate).create({ name: "Plain", subject: "Hello", html: "<p>x</p>" });
  const before = await templates();
  for (const html of [
    "{{ contact.ssn }}",
    "{% if contact.ssn %}x{% endif %}",
    '{{ contact["ssn"] }}',
    "{{ contact | map: 'ssn' }}",
    "{{ contact | json }}",
    "{% assign x = contact.ssn %}{{ x }}",
    "{% assign x = contact %}{{ x.ssn }}",
    '{% assign x = "ssn" %}{{ contact[x] }}',
    "{% for pair in contact %}{{ pair }}{% endfor %}",
  ]) {
    const input = { name: "Theft", subject: "Hello", html };
    await expect(u1.repo(messageTemplate).create(input), html).rejects.toMatchObject({ status: 422 });
    await expect(u1.repo(messageTemplate).update(plain.id, { html }), html).rejects.toMatchObject({
      status: 422,
    });
  }
  expect(await templates()).toEqual(before);

  // One that somebody else wrote who may: it renders with what its reader may see.
  const theirs = await app.me.entities.messageTemplate.create({
    name: "Theirs",
    subject: "Hello",
    html: "<p>{{ contact.ssn }}</p>",
  });
  const preview = (ctx: typeof u1) =>
    ctx.entities.messageTemplate.preview(theirs.id, { contactId: person.id });
  expect((await preview(app.me as typeof u1)).html).toContain("ssn-canary");
  const refused = await preview(u1).catch((error: unknown) => error);
  expect(refused).toMatchObject({ status: 422 });
  expect(JSON.stringify(refused) + String(refused)).not.toContain("canary");
  await app.crm.stop();
});
