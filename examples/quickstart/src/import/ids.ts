/** Ids by key of the records that a file has brought. */
export type Ids = ReadonlyMap<string, string>;

const PAGE = 500;

interface Found {
  readonly id: string;
  readonly externalId: string | null;
}

/** Looks the ids of keys up, 500 in a query. */
export async function loadIds(
  keys: Iterable<string>,
  find: (externalIds: string[]) => Promise<{ readonly items: readonly Found[] }>,
): Promise<Ids> {
  const wanted = [...new Set(keys)];
  const ids = new Map<string, string>();
  for (let i = 0; i < wanted.length; i += PAGE) {
    const { items } = await find(wanted.slice(i, i + PAGE));
    for (const { id, externalId } of items) if (externalId !== null) ids.set(externalId, id);
  }
  return ids;
}

/** The keys of lines that were not refused. */
export function acceptedKeys(keys: ReadonlyMap<number, string>, refused: ReadonlySet<number>): string[] {
  return [...keys].filter(([line]) => !refused.has(line)).map(([, key]) => key);
}
