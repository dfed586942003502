const ID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** Whether a value may be the id of a record. */
export function isId(value: unknown): boolean {
  return typeof value === "string" && ID.test(value);
}
