import { setTimeout as sleep } from "node:timers/promises";

export interface Load {
  /** Contacts that were made, by the answer. */
  readonly made: readonly string[];
  /** Answers by status. */
  readonly statuses: ReadonlyMap<number, number>;
  /** Answers by the process that gave them. */
  readonly servedBy: ReadonlyMap<string, number>;
}

/** Makes contacts, several at once, each under an idempotency key of its own. */
export async function makeContacts(
  url: string,
  key: string,
  {
    count,
    atOnce = 8,
    name = "Load",
  }: { readonly count: number; readonly atOnce?: number; readonly name?: string },
): Promise<Load> {
  const made: string[] = [];
  const statuses = new Map<number, number>();
  const servedBy = new Map<string, number>();
  let next = 0;
  const one = async (): Promise<void> => {
    while (next < count) {
      const number = next++;
      const ask = () =>
        fetch(`${url}/api/contacts`, {
          method: "POST",
          headers: {
            authorization: `Bearer ${key}`,
            "content-type": "application/json",
            "idempotency-key": `${name}-${number}`,
          },
          body: JSON.stringify({ lastName: `${name} ${number}` }),
        });
      let response = await ask();
      // A process that was killed holds its keys for a minute, until nobody can take it for a slow one: asked again
      // until then.
      for (let tries = 0; response.status === 409 && tries < 160; tries++) {
        await response.text();
        await sleep(500);
        response = await ask();
      }
      const by = response.headers.get("x-served-by") ?? "nobody";
      statuses.set(response.status, (statuses.get(response.status) ?? 0) + 1);
      servedBy.set(by, (servedBy.get(by) ?? 0) + 1);
      if (response.status === 201) made.push(((await response.json()) as { id: string }).id);
      else await response.text();
    }
  };
  await Promise.all(Array.from({ length: atOnce }, one));
  return { made, statuses, servedBy };
}
