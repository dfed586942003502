/**
 * Signed, self-contained tokens for links and cursors: whoever holds one may do what it says, and nothing else.
 * A token of one purpose is worthless for another.
 */
export interface Tokens {
  /** `data` must be JSON. Readable by the holder: put no secret in. */
  sign(purpose: string, data: unknown, options?: { readonly expiresAt?: number }): string;
  /** The signed data, or undefined where the token is forged, cut, expired, or of another purpose. */
  verify<T = unknown>(purpose: string, token: string): T | undefined;
  /**
   * Like `sign`, but unreadable for the holder, and never twice the same text. `bound` is not in the token: it opens
   * only for whoever gives the same text again, such as a tenant and an actor.
   */
  seal(purpose: string, data: unknown, bound: string): string;
  /** The sealed data, or undefined where the token is forged, cut, of another purpose, or bound to something else. */
  open<T = unknown>(purpose: string, token: string, bound: string): T | undefined;
  /**
   * What a text is known by: 43 characters, the same for the same purpose and text, from which nobody without the app's
   * secret can tell the text.
   */
  digest(purpose: string, text: string): string;
}
