import type { Tokens } from "../context/tokens.js";
import type { Clock } from "../util/clock.js";
import { equalText, hmacBase64Url } from "../util/hash.js";

const MAX_TOKEN = 4096;

export function createTokens(secret: string, clock: Clock): Tokens {
  const mac = (purpose: string, body: string) => hmacBase64Url(secret, `${purpose}\n${body}`);
  return {
    sign(purpose, data, options) {
      const payload = options?.expiresAt === undefined ? { d: data } : { d: data, e: options.expiresAt };
      const body = Buffer.from(JSON.stringify(payload)).toString("base64url");
      return `${body}.${mac(purpose, body)}`;
    },
    verify<T>(purpose: string, token: string): T | undefined {
      const dot = token.lastIndexOf(".");
      if (token.length > MAX_TOKEN || dot < 1) return undefined;
      const body = token.slice(0, dot);
      if (!equalText(mac(purpose, body), token.slice(dot + 1))) return undefined;
      const payload = JSON.parse(Buffer.from(body, "base64url").toString()) as { d: T; e?: number };
      return payload.e !== undefined && clock.now() > payload.e ? undefined : payload.d;
    },
  };
}
