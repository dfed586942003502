import { isDeepStrictEqual } from "node:util";
import type { Seeded } from "./app/seed.js";
import type { Contender } from "./contenders/contender.js";

/** Throws unless all contenders answer the same: otherwise their times say nothing. */
export async function checkAgreement(contenders: readonly Contender[], seeded: Seeded): Promise<void> {
  const [raw, ...others] = contenders;
  if (!raw) return;
  const ids = seeded.contacts.filter((_, index) => index % 97 === 0);
  for (const other of others) {
    const compare = async (what: string, ask: (contender: Contender) => unknown): Promise<void> => {
      const expected = plain(await ask(raw));
      const actual = plain(await ask(other));
      if (isDeepStrictEqual(actual, expected)) return;
      const shown = (value: unknown) => JSON.stringify(value).slice(0, 600);
      throw new Error(`${other.name} and raw differ in "${what}":\n${shown(actual)}\n${shown(expected)}`);
    };
    for (const id of ids) await compare("get", async (one) => withoutTimes((await one.get(id)) as object));
    const pages = async (list: Contender["list"]): Promise<unknown> => {
      const first = await list(null);
      const second = await list(first.next);
      return [...first.items, ...second.items].map(withoutTimes);
    };
    await compare("list", (one) => pages(one.list));
    await compare("list with includes", (one) => pages(one.listIncluding));
    await compare("sum by month", (one) => one.monthly());
  }
}

/** Both sides have set their own clock times. */
function withoutTimes(row: object): object {
  return JSON.parse(JSON.stringify(row, (key, value) => (key === "updatedAt" ? null : value)));
}

function plain(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value));
}
