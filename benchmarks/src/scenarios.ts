import type { CustomerInput, Data } from "./app/data.js";
import type { Seeded } from "./app/seed.js";
import type { Contender, Listed } from "./contenders/contender.js";
import type { Task } from "./measure/interleave.js";

export interface Scenario {
  readonly name: string;
  /** What one operation counts as, where it is not one: rows of a bulk. */
  readonly unit?: { readonly name: string; readonly count: number };
  /** It adds records, and all contenders must add as many. */
  readonly grows?: true;
  readonly tasks: () => Promise<Task[]>;
}

const bulkSize = 1_000;
/** Pages that the lists go through. */
const mostPages = 20;

/** The operations on records, for contenders that hold the same data. */
export function recordScenarios(contenders: readonly Contender[], seeded: Seeded, data: Data): Scenario[] {
  const each = (run: (contender: Contender) => Task["run"]) => async () =>
    contenders.map((contender) => ({ name: contender.name, run: run(contender) }));
  const inputs = many(4_096, () => data.contact(seeded.accounts));
  const ids = many(4_096, () => data.pick(seeded.contacts));
  const at = <T>(list: readonly T[], index: number): T => list[index % list.length] as T;
  return [
    {
      name: "get by id",
      tasks: each(
        ({ get }) =>
          (index) =>
            get(at(ids, index)),
      ),
    },
    { name: "list 50, filter, sort, keyset", tasks: () => paged(contenders, (one) => one.list) },
    { name: "list 50 with two includes", tasks: () => paged(contenders, (one) => one.listIncluding) },
    { name: "sum by month", tasks: each((one) => () => one.monthly()) },
    {
      name: "create",
      grows: true,
      tasks: each(
        ({ create }) =>
          (index) =>
            create(at(inputs, index)),
      ),
    },
    {
      name: "update",
      tasks: each(
        ({ update }) =>
          (index) =>
            update(at(ids, index), `+49 89 ${index}`),
      ),
    },
    {
      name: `bulk insert of ${bulkSize.toLocaleString("en")}`,
      unit: { name: "rows/s", count: bulkSize },
      grows: true,
      tasks: each(
        ({ bulk }) =>
          (index) =>
            bulk(slice(inputs, index)),
      ),
    },
  ];
}

/** Writes that wait for the disk: one after another, and 64 at a time. */
export function durableScenarios(contenders: readonly Contender[], seeded: Seeded, data: Data): Scenario[] {
  const inputs = many(4_096, () => data.contact(seeded.accounts));
  const at = (index: number): CustomerInput => inputs[index % inputs.length] as CustomerInput;
  const clients = 64;
  return [
    {
      name: "durable create",
      grows: true,
      tasks: async () => contenders.map(({ name, create }) => ({ name, run: (index) => create(at(index)) })),
    },
    {
      name: `durable create, ${clients} at a time`,
      unit: { name: "ops/s", count: clients },
      grows: true,
      tasks: async () =>
        contenders.map(({ name, create }) => ({
          name,
          run: (index) => Promise.all(many(clients, (n) => create(at(index * clients + n)))),
        })),
    },
  ];
}

function slice(inputs: readonly CustomerInput[], index: number): CustomerInput[] {
  const start = (index * bulkSize) % (inputs.length - bulkSize);
  return inputs.slice(start, start + bulkSize);
}

/** Every contender reads the same pages, each by its own cursors. */
async function paged(
  contenders: readonly Contender[],
  list: (contender: Contender) => Contender["list"],
): Promise<Task[]> {
  return Promise.all(
    contenders.map(async (contender) => {
      const page = list(contender);
      const places: unknown[] = [null];
      while (places.length < mostPages) {
        const { next }: Listed = await page(places[places.length - 1]);
        if (next === null) break;
        places.push(next);
      }
      return { name: contender.name, run: (index: number) => page(places[index % places.length]) };
    }),
  );
}

function many<T>(count: number, make: (index: number) => T): T[] {
  return Array.from({ length: count }, (_, index) => make(index));
}
