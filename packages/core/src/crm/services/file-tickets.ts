import type { Context } from "../../context/context.js";
import { fileFolder } from "../../files/file-store.js";

/** What is known of bytes in the store. */
export interface FileFacts {
  readonly key: string;
  readonly size: number;
  readonly sha256: string;
  readonly contentType: string;
}

/** How long a file may wait for its record. Longer ones are swept away. */
export const TICKET_MS = 24 * 3_600_000;
/** Of a tenant: what was uploaded to one is nothing in another. */
const purposeOf = ({ tenant }: Context): string => `crm.upload ${fileFolder(tenant)}`;

/** Short enough for a field that can be unique: at most 400 characters. */
export function signTicket(ctx: Context, { key, size, sha256, contentType }: FileFacts): string {
  const expiresAt = ctx.clock.now() + TICKET_MS;
  const id = key.slice(key.indexOf("/") + 1);
  const hash = Buffer.from(sha256, "hex").toString("base64url");
  return ctx.tokens.sign(purposeOf(ctx), [id, size, hash, contentType], { expiresAt });
}

/** What a ticket vouches for, or undefined: forged, too old, or of another tenant. */
export function readTicket(ctx: Context, ticket: unknown): FileFacts | undefined {
  if (typeof ticket !== "string") return undefined;
  const facts = ctx.tokens.verify<[string, number, string, string]>(purposeOf(ctx), ticket);
  if (!facts) return undefined;
  const [id, size, hash, contentType] = facts;
  const sha256 = Buffer.from(hash, "base64url").toString("hex");
  return { key: `${fileFolder(ctx.tenant)}/${id}`, size, sha256, contentType };
}
