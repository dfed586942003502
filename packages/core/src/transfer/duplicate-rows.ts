import type { Repository } from "../context/repository.js";
import { matchMany } from "../duplicates/look-up.js";
import { ValidationFailed } from "../errors/core-errors.js";
import { type Issue, isCormError } from "../errors/corm-error.js";
import type { RecordValues } from "../model/record-codec.js";
import type { Session } from "../runtime/session.js";
import { clearsEmpty, type DuplicatePolicy, type ImportOptions } from "./import-options.js";
import { comparedPoints, keepPoints, type PointedRecord, type Points } from "./points.js";

/** Of the rows that were taken, those that made no record. */
export interface DuplicateCounts {
  /** Left out: their record is there already. */
  readonly skipped: number;
  /** Changed the record that they were found to be. */
  readonly matched: number;
}

type Records = Repository<RecordValues, RecordValues>;
type Given = { readonly input: RecordValues; readonly points?: Points | undefined };
type Placed = Given & { readonly at: number };
type Patched = Placed & { readonly id: string };

/** Rows that are looked at again together: a batch in which all rows are one person would compare all with all for each. */
const AGAIN = 40;
/** Ids that a reason names at most. */
const SHOWN = 5;

/**
 * Writes the rows of a batch that are no duplicates by the rules of the tenant, and does with the others what the policy says.
 * Records that the caller does not see count for nothing here: such rows are written as any others, and the rules have their
 * say.
 *
 * Row by row: a row is held against the records that are there, and the rows before it that were taken. For as few queries as
 * may be, rows that wait for none before them go together.
 *
 * @throws validation-failed with the places of rows in the batch; what repositories throw
 */
export async function writeUnlessThere(
  tx: Session,
  entity: string,
  rows: readonly Given[],
  options: ImportOptions,
): Promise<DuplicateCounts> {
  const { duplicates: policy = "create" } = options;
  const records = tx.repoOf(entity) as Records;
  let open: Placed[] = rows.map(({ input, points }, at) => ({ at, input, points }));
  let [skipped, matched] = [0, 0];
  for (let most = open.length; open.length > 0; most = AGAIN) {
    const wave = await sorted(tx, entity, open.slice(0, most), policy);
    if (wave.issues.length > 0) throw ValidationFailed({ entity, issues: wave.issues });
    const made = await placed(entity, wave.fresh, (some) =>
      // What an empty cell clears of a record that is there, a new one does not have.
      records.createMany(some.map(({ input }) => (clearsEmpty(options) ? withoutNull(input) : input))),
    );
    const changed = await placed(entity, wave.patched, (some) =>
      records.updateMany(some.map(({ id, input }) => ({ id, patch: input }))),
    );
    await keepPoints(tx, entity, [...made, ...changed]);
    skipped += wave.skipped;
    matched += wave.patched.length;
    open = [...wave.later, ...open.slice(most)];
  }
  return { skipped, matched };
}

interface Wave {
  readonly fresh: Placed[];
  readonly patched: Patched[];
  /** What became of a row before them decides on these. */
  readonly later: Placed[];
  readonly issues: Issue[];
  skipped: number;
}

async function sorted(
  tx: Session,
  entity: string,
  rows: readonly Placed[],
  policy: DuplicatePolicy,
): Promise<Wave> {
  const found = await matchMany(
    tx,
    { name: entity },
    rows.map(({ input, points }) => ({ ...scalars(input), ...comparedPoints(tx, input, points) })),
  );
  const wave: Wave = { fresh: [], patched: [], later: [], issues: [], skipped: 0 };
  const taken = new Set<number>();
  const targets = new Set<string>();
  rows.forEach((row, i) => {
    const there = (found[i] ?? []).flatMap(({ id }) => id ?? []);
    const waits = (found[i] ?? []).some(({ at }) => at !== null && taken.has(at));
    const [id] = there;
    if (id === undefined && !waits) {
      wave.fresh.push(row);
      taken.add(i);
    } else if (policy === "skip") wave.skipped += 1;
    else if (policy === "reject") wave.issues.push(issueOf(row, there, "is a duplicate of"));
    else if (waits || (id !== undefined && targets.has(id))) {
      wave.later.push(row);
      taken.add(i);
    } else if (there.length > 1) wave.issues.push(issueOf(row, there, "may be any of"));
    else {
      wave.patched.push({ ...row, id: id as string });
      targets.add(id as string);
      taken.add(i);
    }
  });
  return wave;
}

function issueOf({ at }: Placed, ids: readonly string[], words: string): Issue {
  const shown = ids.slice(0, SHOWN).join(", ") || "an earlier row";
  const more = ids.length > SHOWN ? ` and ${ids.length - SHOWN} more` : "";
  return { pointer: `/${at}`, code: "duplicate", message: `${words} ${shown}${more}` };
}

const withoutNull = (input: RecordValues): RecordValues =>
  Object.fromEntries(Object.entries(input).filter(([, value]) => value !== null));

/** What rules could compare: a row may hold anything. */
const scalars = (input: RecordValues): RecordValues =>
  Object.fromEntries(
    Object.entries(input).filter(([, value]) => ["string", "number", "boolean"].includes(typeof value)),
  );

/** Writes some rows of the batch; what is wrong with one of them is told by its place in the batch. */
async function placed<Row extends Placed>(
  entity: string,
  rows: readonly Row[],
  write: (rows: readonly Row[]) => Promise<readonly RecordValues[]>,
): Promise<PointedRecord[]> {
  if (rows.length === 0) return [];
  try {
    const written = await write(rows);
    return written.map((record, i) => {
      const { at, points } = rows[i] as Row;
      return { record, at, points };
    });
  } catch (error) {
    if (!isCormError(error) || !ValidationFailed.is(error) || error.meta["entity"] !== entity) throw error;
    const issues = error.issues.map((issue) => ({
      ...issue,
      pointer: issue.pointer.replace(/^\/(\d+)/, (_, n: string) => `/${rows[Number(n)]?.at}`),
    }));
    throw ValidationFailed({ entity, issues }, { cause: error });
  }
}
