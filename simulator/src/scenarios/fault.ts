/** Something that is meant to fail. */
export function fault(what: string): Error {
  return Object.assign(new Error(what), { name: "Fault" });
}
