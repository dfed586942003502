import { InvalidOptions, type Static, Type } from "@corm/core";
import { MailNotConfigured } from "./errors.js";
import { mailAddress } from "./mail/address.js";

const smtp = Type.Object(
  {
    host: Type.String({ minLength: 1, maxLength: 253 }),
    /** Default 465 with `secure`, else 587. */
    port: Type.Optional(Type.Integer({ minimum: 1, maximum: 65_535 })),
    /** TLS from the first byte on. Default: true for port 465. */
    secure: Type.Optional(Type.Boolean()),
    /** Refuse to go on without TLS. Default: true, except on this machine (`localhost`, `127.0.0.1`, `::1`). */
    requireTls: Type.Optional(Type.Boolean()),
    user: Type.Optional(Type.String({ minLength: 1 })),
    password: Type.Optional(Type.String({ minLength: 1 })),
    /** Messages handed over at the same time. */
    connections: Type.Optional(Type.Integer({ minimum: 1, maximum: 20 })),
    /** Longest time that one hand-over may take. */
    timeoutSeconds: Type.Optional(Type.Integer({ minimum: 5, maximum: 600 })),
  },
  { additionalProperties: false },
);

const from = Type.Object(
  {
    address: Type.String({ minLength: 3, maxLength: 254 }),
    name: Type.Optional(Type.String({ minLength: 1, maxLength: 200, pattern: "^[^\\r\\n]*$" })),
  },
  { additionalProperties: false },
);

export const optionsSchema = Type.Object({
  smtp: Type.Optional(smtp),
  /** Sender of every message. */
  from: Type.Optional(from),
  /** Where the CRM's public routes are reached from outside: `https://crm.example.com`. */
  publicUrl: Type.Optional(Type.String({ maxLength: 500 })),
  /** `automatic`: this process delivers what `mailing.send` queues. `manual`: the host calls `mailings.deliver()`. */
  delivery: Type.Optional(Type.Enum(["automatic", "manual"])),
});

type Given = Static<typeof optionsSchema>;

/** How mail leaves, with every default filled in. */
export interface MailSettings {
  readonly host: string;
  readonly port: number;
  readonly secure: boolean;
  readonly requireTls: boolean;
  readonly auth: { readonly user: string; readonly pass: string } | null;
  readonly connections: number;
  readonly timeoutMs: number;
  readonly from: { readonly name: string; readonly address: string };
  /** Without a slash at the end. */
  readonly publicUrl: string;
}

const LOCAL = new Set(["localhost", "127.0.0.1", "::1"]);

/**
 * The settings, or a function that throws what is missing: an app without a mail server can still have segments.
 *
 * @throws invalid-options for what is there and wrong
 */
export function mailSettings(given: Given): () => MailSettings {
  const problems: string[] = [];
  const address = given.from ? mailAddress(given.from.address) : undefined;
  if (given.from && !address) problems.push(`/from/address "${given.from.address}" is not a mail address`);
  const url = given.publicUrl === undefined ? undefined : publicUrl(given.publicUrl);
  if (given.publicUrl !== undefined && !url) {
    problems.push(`/publicUrl must be an https:// address (http:// on this machine only), without query`);
  }
  if (given.smtp && (given.smtp.user === undefined) !== (given.smtp.password === undefined)) {
    problems.push("/smtp needs both user and password, or neither");
  }
  if (problems.length > 0) {
    throw InvalidOptions({
      plugin: "marketing",
      problems,
      allowed: Object.keys(optionsSchema.properties),
    });
  }
  if (!given.smtp || !address || !url) {
    const missing = [given.smtp ? "" : "smtp", address ? "" : "from", url ? "" : "publicUrl"].filter(Boolean);
    return () => {
      throw MailNotConfigured({ missing });
    };
  }
  const settings = complete(given.smtp, { name: given.from?.name ?? "", address }, url);
  return () => settings;
}

function complete(given: Static<typeof smtp>, sender: MailSettings["from"], url: string): MailSettings {
  const secure = given.secure ?? given.port === 465;
  return {
    host: given.host,
    port: given.port ?? (secure ? 465 : 587),
    secure,
    requireTls: given.requireTls ?? (!secure && !LOCAL.has(given.host)),
    auth:
      given.user !== undefined && given.password !== undefined
        ? { user: given.user, pass: given.password }
        : null,
    connections: given.connections ?? 2,
    timeoutMs: (given.timeoutSeconds ?? 60) * 1000,
    from: sender,
    publicUrl: url,
  };
}

function publicUrl(text: string): string | undefined {
  let url: URL;
  try {
    url = new URL(text);
  } catch {
    return undefined;
  }
  const local = LOCAL.has(url.hostname.replace(/^\[|\]$/g, ""));
  const usable = url.protocol === "https:" || (url.protocol === "http:" && local);
  if (!usable || url.search || url.hash || url.username || url.password) return undefined;
  return `${url.origin}${url.pathname}`.replace(/\/+$/, "");
}
