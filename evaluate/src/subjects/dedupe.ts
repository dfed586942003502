import {
  type Block,
  comparedRecord,
  estimateModel,
  groupsOf,
  type Likeness,
  proposedPairs,
  type SimilarityLevels,
  scoreOf,
} from "@corm/core";
import { recordsOf } from "../csv.js";
import type { Line, Subject } from "../subject.js";

/** The same rule for every set of its kind: what is compared, and what is compared with what. */
interface Rule {
  readonly kinds: Readonly<Record<string, Likeness>>;
  readonly comparisons: readonly SimilarityLevels[];
  readonly blocks: readonly Block[];
}

const name = ["firstName", "lastName"];

const PERSON: Rule = {
  kinds: {
    firstName: "personName",
    lastName: "personName",
    street: "address",
    city: "text",
    postalCode: "code",
    region: "text",
    birthday: "date",
  },
  comparisons: [
    { field: name, levels: [0.99, 0.92, 0.82, 0.7] },
    { field: "birthday", levels: [0.99, 0.85, 0.7] },
    { field: "street", levels: [0.99, 0.9, 0.75] },
    { field: "city", levels: [0.99, 0.88] },
    { field: "postalCode", levels: [0.99, 0.7] },
    { field: "region", levels: [0.99] },
  ],
  blocks: [
    [{ field: "birthday" }],
    [{ field: name, by: "sound" }, { field: "postalCode" }],
    [{ field: "street", by: "word" }, { field: "postalCode" }],
    [
      { field: "street", by: "word" },
      { field: name, by: "sound" },
    ],
    [
      { field: "firstName", by: "sound" },
      { field: "lastName", by: "sound" },
    ],
    [{ field: "city" }, { field: name, by: "sound" }],
    [{ field: "city" }, { field: "street", by: "word" }],
  ],
};

const COMPANY: Rule = {
  kinds: { name: "company", street: "address", city: "text" },
  comparisons: [
    { field: "name", levels: [0.99, 0.9, 0.75, 0.6] },
    { field: "street", levels: [0.99, 0.85, 0.65] },
    { field: "city", levels: [0.99, 0.8] },
  ],
  blocks: [[{ field: "name", by: "word" }], [{ field: "street", by: "word" }, { field: "city" }]],
};

const person = (row: Record<string, string>) => ({
  firstName: row["given_name"],
  lastName: row["surname"],
  street: [row["street_number"], row["address_1"]].filter(Boolean).join(" "),
  city: row["suburb"],
  postalCode: row["postcode"],
  region: row["state"],
  birthday: row["date_of_birth"],
});
const restaurant = (row: Record<string, string>) => ({
  name: row["name"],
  street: row["address"],
  city: row["city"],
});

const RANDOM_PAIRS = 20_000;
const LEAST = 0.5;

async function evaluated(
  data: (path: string) => string,
  folder: string,
  rule: Rule,
  map: (row: Record<string, string>) => Record<string, string | undefined>,
  reference: number,
): Promise<Line> {
  const rows = await recordsOf(data(`${folder}/records.csv`));
  const truth = new Map(
    (await recordsOf(data(`${folder}/truth.csv`))).map((row) => [row["id"], row["entity"]]),
  );
  const kinds = (field: string) => rule.kinds[field] ?? "text";
  const records = rows.map((row) => ({ ...comparedRecord(map(row)), entity: truth.get(row["id"]) }));
  const proposed = [...proposedPairs(records, rule.blocks, kinds)];
  const model = estimateModel(rule.comparisons, byLot(records, RANDOM_PAIRS), proposed, { kinds });
  const matches = proposed.filter(
    ([a, b]) => scoreOf(a, b, { probability: model, threshold: LEAST }, kinds) > 0,
  );
  const right = matches.filter(([a, b]) => a.entity === b.entity).length;
  const sizes = new Map<string | undefined, number>();
  for (const { entity } of records) sizes.set(entity, (sizes.get(entity) ?? 0) + 1);
  const total = [...sizes.values()].reduce((sum, size) => sum + (size * (size - 1)) / 2, 0);
  const [precision, recall] = [right / matches.length, right / total];
  return {
    what: `duplicates in ${folder}: ${records.length} records, ${total} pairs, ${groupsOf(matches).length} groups found`,
    method: `Fellegi-Sunter by EM, ${proposed.length} pairs of ${rule.blocks.length} blocks, P ${precision.toFixed(3)} R ${recall.toFixed(3)}`,
    preprocessing: "no id number; no labels used",
    measure: "F1",
    figure: (2 * precision * recall) / (precision + recall),
    reference,
    by: "Fellegi-Sunter by EM",
  };
}

/** Pairs that a linear congruential generator draws, the same in every run. */
function* byLot<T>(records: readonly T[], count: number): Generator<readonly [T, T]> {
  let seed = 7;
  const draw = () => {
    seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648;
    return records[Math.floor((seed / 2_147_483_648) * records.length)] as T;
  };
  for (let made = 0; made < count; ) {
    const [a, b] = [draw(), draw()];
    if (a === b) continue;
    made += 1;
    yield [a, b];
  }
}

export const dedupe: Subject = {
  name: "dedupe",
  needs: ["dedupe-febrl1", "dedupe-febrl2", "dedupe-restaurant"],
  run: async (data) => [
    await evaluated(data, "dedupe-febrl1", PERSON, person, 0.997),
    await evaluated(data, "dedupe-febrl2", PERSON, person, 0.989),
    await evaluated(data, "dedupe-restaurant", COMPANY, restaurant, 0.946),
  ],
};
