/**
 * What cancels work. An `AbortSignal` is one. Making one of those takes longer than a short request, so that requests
 * have something lighter, which makes a signal when somebody asks for it.
 */
export interface Abortable {
  readonly aborted: boolean;
  readonly reason: unknown;
  throwIfAborted(): void;
  /** `listener` is not called where it has aborted before. */
  addEventListener(type: "abort", listener: () => void, options?: { readonly once?: boolean }): void;
  removeEventListener(type: "abort", listener: () => void): void;
  /** The same as a signal. Absent where it is one. */
  readonly signal?: AbortSignal;
}

/** A signal for what takes nothing else, such as `fetch`. */
export function signalOf(source: Abortable | undefined): AbortSignal | undefined {
  return source instanceof AbortSignal ? source : source?.signal;
}
