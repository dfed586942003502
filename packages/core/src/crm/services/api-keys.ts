import type { Context } from "../../context/context.js";
import { equalText, randomToken, sha256Hex } from "../../util/hash.js";
import { type ApiKey, apiKey } from "../entities/api-key.js";

const PREFIX_LENGTH = 12;

/** Makes a key and answers it; it can never be read again. `secret` for a key that is given from outside. */
export async function issueApiKey(
  ctx: Context,
  options: { readonly name: string; readonly secret?: string; readonly expiresAt?: string },
): Promise<{ readonly key: string; readonly record: ApiKey }> {
  const key = options.secret ?? `corm_${randomToken(32)}`;
  const record = await ctx
    .asSystem("issue an API key")
    .repo(apiKey)
    .create({
      name: options.name,
      prefix: prefixOf(key),
      hash: sha256Hex(key),
      ...(options.expiresAt ? { expiresAt: options.expiresAt } : {}),
    });
  return { key, record };
}

/** The record of a valid key, or undefined. */
export async function findApiKey(ctx: Context, key: string): Promise<ApiKey | undefined> {
  const found = await ctx.repo(apiKey).first({ where: { prefix: prefixOf(key) } });
  const matches = equalText(found?.hash ?? "", sha256Hex(key));
  if (!found || !matches || found.revokedAt) return undefined;
  return found.expiresAt && found.expiresAt <= ctx.now() ? undefined : found;
}

/** Keys given from outside may be short or alike at the beginning: their prefix is taken from their hash. */
export function prefixOf(key: string): string {
  return key.startsWith("corm_") && key.length > 20
    ? key.slice(5, 5 + PREFIX_LENGTH)
    : sha256Hex(key).slice(0, PREFIX_LENGTH);
}
