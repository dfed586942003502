/** What is there already, or will be. */
export type Awaitable<T> = T | Promise<T>;

/** Goes on at once with what is there already: waiting for it costs more than most of what is done with it. */
export function andThen<T, U>(value: Awaitable<T>, next: (value: T) => Awaitable<U>): Awaitable<U> {
  return value instanceof Promise ? value.then(next) : next(value);
}
