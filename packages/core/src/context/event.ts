/** A typed name of something that happened. Made by `defineEvent`. */
export interface EventHandle<Payload = unknown> {
  readonly name: string;
  readonly "~payload"?: Payload;
}

/** The record that an event is about. */
export interface EventSubject {
  readonly entity: { readonly name: string };
  readonly record: string;
}
