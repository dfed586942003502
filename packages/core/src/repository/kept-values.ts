import type { Context } from "../context/context.js";
import type { FieldModel } from "../model/field-model.js";
import type { Session } from "../runtime/session.js";

/** Where a value belongs that books keep beside its record. */
export interface KeptOf {
  readonly entity: string;
  readonly recordId: string;
  readonly field: string;
}

/** How the field is encrypted, whoever asks; null where it is not, or is none. */
function encryptedField(
  session: Session,
  { entity, field }: KeptOf,
): NonNullable<FieldModel["encrypted"]> | null {
  return session.runtime.composition.entities.get(entity)?.fields.get(field)?.encrypted ?? null;
}

/**
 * Values of a field as books may keep them: sealed where the field is encrypted, bound to its record, and as they are
 * otherwise. `null` stays `null`.
 */
export async function sealKept<V extends readonly unknown[]>(
  ctx: Context,
  of: KeptOf,
  ...values: V
): Promise<{ [K in keyof V]: unknown }> {
  const session = ctx as Session;
  const encrypted = encryptedField(session, of);
  if (!encrypted) return values;
  const cipher = await session.sealing();
  return values.map((value) =>
    value === null || value === undefined ? null : cipher.seal(encrypted.place, of.recordId, value),
  ) as { [K in keyof V]: unknown };
}

/**
 * The values in clear text. What is not text was none: books from before a field was encrypted are not read as its values.
 *
 * @throws encryption-key-missing, decryption-failed
 */
export async function openKept<V extends readonly unknown[]>(
  ctx: Context,
  of: KeptOf,
  ...values: V
): Promise<{ [K in keyof V]: unknown }> {
  const session = ctx as Session;
  const encrypted = encryptedField(session, of);
  if (!encrypted) return values;
  const opened: unknown[] = [];
  for (const text of values) {
    if (typeof text !== "string") {
      opened.push(null);
      continue;
    }
    const known = await session.reading();
    const cipher = known.knows(text) ? known : await session.reading(true);
    opened.push(cipher.open(encrypted.place, of.recordId, text));
  }
  return opened as { [K in keyof V]: unknown };
}
