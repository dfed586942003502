/** A body that is JSON text already. */
export class JsonText {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

/** The text of a body. */
export function textOf(body: unknown): string {
  return body instanceof JsonText ? body.text : JSON.stringify(body);
}
