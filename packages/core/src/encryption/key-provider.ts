/** A data key as it is stored: only the provider can open it. */
export interface WrappedKey {
  /** Id of the provider's key that wraps it. */
  readonly by: string;
  readonly text: string;
}

/**
 * Keeps the keys that wrap the data keys of tenants. The port for a key management service: its keys never leave it,
 * and Corm holds only what it has wrapped.
 */
export interface KeyProvider {
  /** Id of the key that wraps from now on. */
  readonly current: string;
  /** False for a key that it does not have (any more). Asked at the start for every key that data needs. */
  has(keyId: string): boolean | Promise<boolean>;
  /** `context` names tenant and purpose: unwrapping demands the same. */
  wrap(key: Uint8Array, context: string): WrappedKey | Promise<WrappedKey>;
  /** @throws where it has no such key, or the text or the context is not what was wrapped */
  unwrap(wrapped: WrappedKey, context: string): Uint8Array | Promise<Uint8Array>;
}
