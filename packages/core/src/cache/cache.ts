/**
 * Keeps texts for a while, for reads that are asked again and again. Anything in it may be gone at any time; what is wrong
 * in it cannot come from here, since whoever asks names the version of what he wants: see `cached`.
 */
export interface Cache {
  get(key: string): Promise<string | undefined>;
  /** @param ttl milliseconds after which it is gone */
  set(key: string, value: string, ttl: number): Promise<void>;
  /** Gives what is there, or puts the value there: of two that do so at once both get the same. */
  ensure(key: string, value: string, ttl: number): Promise<string>;
  close?(): Promise<void>;
}
