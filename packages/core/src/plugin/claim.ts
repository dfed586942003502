/** A part with the plugin that contributed it. */
export interface Owned<T> {
  readonly owner: string;
  readonly value: T;
}

/** Enters a part under its name, or notes that two plugins want it. */
export function claim<T>(
  map: Map<string, Owned<T>>,
  name: string,
  owner: string,
  value: T,
  what: string,
  problems: string[],
): void {
  const other = map.get(name);
  if (other)
    problems.push(
      `plugins "${other.owner}" and "${owner}" both declare the ${what} "${name}": rename one of the two`,
    );
  else map.set(name, { owner, value });
}
