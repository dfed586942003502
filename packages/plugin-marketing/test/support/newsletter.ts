import { type AppSession, consents, crmCore } from "@corm/core";
import { createTestCrm, type TestCrm } from "@corm/core/testing";
import { type Mailing, type MarketingPlugin, marketing } from "../../src/index.js";

type Plugins = readonly [ReturnType<typeof crmCore>, ReturnType<typeof marketing>];
export type Session = AppSession<Plugins>;
export type App = TestCrm<Plugins>;

/** The CRM of a test: deliveries are made when the test says so. */
export function newsletterApp(port: number, options: { readonly storage?: never } = {}): Promise<App> {
  return createTestCrm({
    ...options,
    plugins: [
      crmCore(),
      marketing({
        smtp: { host: "127.0.0.1", port, connections: 1, timeoutSeconds: 5 },
        from: { address: "news@acme.example", name: "Acme, News" },
        publicUrl: "http://localhost:3000",
        delivery: "manual",
      }),
    ],
  });
}

export const HTML = `<html><body><p>Dear {{ contact.firstName | default: "reader" }},</p>
<p>news for {{ account.name }}: <a href="https://acme.example/?a=1&amp;b=2">read on</a>.</p>
<p><a href="{{ unsubscribeUrl }}">Unsubscribe</a></p></body></html>`;

/** Three people of one account, a segment of them, a template, a topic, and a draft that ties them together. */
export async function seedNewsletter(
  me: Session,
  emails: readonly string[] = ["ada@example.com", "grace@example.com", "mary@example.com"],
): Promise<Mailing> {
  const acme = await me.entities.account.create({ name: "R&D <Acme>", industry: "software" });
  await me.entities.contact.createMany(
    emails.map((email, i) => ({ firstName: `Reader ${i}`, lastName: "Doe", email, accountId: acme.id })),
  );
  const topic = await me.entities.subscriptionTopic.create({ key: "news", name: "Acme news" });
  const segment = await me.entities.segment.create({
    name: "Software people",
    kind: "dynamic",
    where: { account: { industry: "software" } },
  });
  const template = await me.entities.messageTemplate.create({
    name: "News",
    subject: "News for {{ account.name }}",
    html: HTML,
  });
  return me.entities.mailing.create({
    name: "January",
    segmentId: segment.id,
    templateId: template.id,
    topicId: topic.id,
  });
}

export async function allow(me: Session, ...addresses: readonly string[]): Promise<void> {
  for (const address of addresses) {
    await me.service(consents).record({ channel: "email", address, topic: "news", decision: "granted" });
  }
}

/** What became of each address. */
export async function outcomes(me: Session, mailingId: string): Promise<Record<string, string>> {
  const rows = await me.entities.delivery.find({ where: { mailingId }, include: ["contact"], limit: 500 });
  return Object.fromEntries(
    rows.items.map((row) => [
      row.contact?.email ?? row.id,
      row.reason ? `${row.state}: ${row.reason}` : row.state,
    ]),
  );
}

export type { MarketingPlugin };
