import type { Tokens } from "../context/tokens.js";
import type { Clock } from "../util/clock.js";
import { equalText, hmacBase64Url } from "../util/hash.js";
import { createSealer, type Sealer } from "../util/seal.js";

/** Longest signed token. A cursor over eight texts of 500 characters has some 21,000. */
const MAX_TOKEN = 32_768;
/** An app has few purposes; of each the key is derived once. */
const MAX_PURPOSES = 100;

export function createTokens(secret: string, clock: Clock): Tokens {
  const mac = (purpose: string, body: string) => hmacBase64Url(secret, `${purpose}\n${body}`);
  const sealers = new Map<string, Sealer>();
  const sealerOf = (purpose: string): Sealer => {
    let sealer = sealers.get(purpose);
    if (!sealer) {
      sealer = createSealer(secret, purpose);
      if (sealers.size < MAX_PURPOSES) sealers.set(purpose, sealer);
    }
    return sealer;
  };
  return {
    digest: (purpose, text) => mac(`digest\n${purpose}`, text),
    sign(purpose, data, options) {
      const payload = options?.expiresAt === undefined ? { d: data } : { d: data, e: options.expiresAt };
      const body = Buffer.from(JSON.stringify(payload)).toString("base64url");
      return `${body}.${mac(purpose, body)}`;
    },
    verify<T>(purpose: string, token: string): T | undefined {
      // Tokens come from links and requests: they may be anything.
      if (typeof token !== "string" || token.length > MAX_TOKEN) return undefined;
      const dot = token.lastIndexOf(".");
      if (dot < 1) return undefined;
      const body = token.slice(0, dot);
      if (!equalText(mac(purpose, body), token.slice(dot + 1))) return undefined;
      const payload = JSON.parse(Buffer.from(body, "base64url").toString()) as { d: T; e?: number };
      return payload.e !== undefined && clock.now() > payload.e ? undefined : payload.d;
    },
    seal: (purpose, data, bound) => sealerOf(purpose).seal(JSON.stringify(data), bound),
    open<T>(purpose: string, token: string, bound: string): T | undefined {
      const text = typeof token === "string" ? sealerOf(purpose).open(token, bound) : undefined;
      return text === undefined ? undefined : (JSON.parse(text) as T);
    },
  };
}
