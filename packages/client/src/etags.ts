/** The tags of records that were read or written, by version. */
export interface Tags {
  of(id: string, version: number): string | undefined;
  keep(record: Readonly<Record<string, unknown>>, tag: string | null): void;
}

/** As many as a screen shows; an older one is read again when it is needed. */
const MOST = 1000;

export function createTags(): Tags {
  const tags = new Map<string, string>();
  return {
    of: (id, version) => tags.get(`${id} ${version}`),
    keep({ id, version }, tag) {
      if (tag === null || typeof id !== "string" || typeof version !== "number") return;
      tags.set(`${id} ${version}`, tag);
      if (tags.size > MOST) tags.delete(tags.keys().next().value as string);
    },
  };
}
