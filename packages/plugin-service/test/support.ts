import { crmCore } from "@corm/core";
import { createTestCrm, type TestCrm, type TestCrmOptions } from "@corm/core/testing";
import { type ServiceOptions, service } from "@corm/plugin-service";

type Plugins = readonly [ReturnType<typeof crmCore>, ReturnType<typeof service>];
export type ServiceCrm = TestCrm<Plugins>;
export type Me = ServiceCrm["me"];

export const MAILBOX = "support@corm.example";

/** A CRM of core and service with the mailbox `support@corm.example`; its clock stands at Monday 2026-01-05T09:00:00Z. */
export async function serviceCrm(
  options?: ServiceOptions,
  rest: Partial<Omit<TestCrmOptions<Plugins>, "plugins">> = {},
): Promise<ServiceCrm> {
  const kit = await createTestCrm<Plugins>({ ...rest, plugins: [crmCore(), service(options)] });
  await kit.me.entities.mailbox.create({ address: "Support@Corm.example", name: "Support" });
  return kit;
}

export interface Letter {
  readonly from?: string;
  readonly to?: string;
  readonly subject?: string;
  readonly id?: string | null;
  readonly body?: string;
  /** Further header lines. */
  readonly headers?: readonly string[];
}

/** A mail as text. Without `id` it gets one of its own; with null it has none. */
export function letter({ from, to, subject, id, body, headers = [] }: Letter = {}): string {
  return [
    `From: ${from ?? "Ada Lovelace <ada@engines.example>"}`,
    `To: ${to ?? MAILBOX}`,
    `Subject: ${subject ?? "The printer is on fire"}`,
    ...(id === null ? [] : [`Message-ID: <${id ?? nextId()}>`]),
    "Date: Mon, 05 Jan 2026 09:59:00 +0100",
    ...headers,
    "",
    body ?? "Please help.",
    "",
  ].join("\r\n");
}

let letters = 0;
const nextId = (): string => `letter-${++letters}@engines.example`;

/** Hands a mail in as the mail server does. */
export function receive(me: Me, raw: string | Letter, envelopeSender?: string, mailbox = MAILBOX) {
  const text = typeof raw === "string" ? raw : letter(raw);
  const sender = envelopeSender === undefined ? {} : { envelopeSender };
  return me.entities.ticket.receiveEmail({ raw: text, mailbox, ...sender });
}

/** Everything that has been stored, for tests that say what must not be. */
export async function counts({ entities }: Me) {
  const [tickets, messages, contacts] = await Promise.all([
    entities.ticket.count(),
    entities.ticketMessage.count(),
    entities.contact.count(),
  ]);
  return { tickets, messages, contacts };
}
