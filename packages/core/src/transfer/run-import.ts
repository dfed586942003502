import type { Context } from "../context/context.js";
import {
  type ImportJob,
  type ImportJobInput,
  importJob,
  importRejection,
} from "../crm/entities/import-job.js";
import { applyTerm } from "../data-protection/apply-retention.js";
import { rulesFor } from "../duplicates/rules.js";
import { VersionConflict } from "../errors/core-errors.js";
import { type CormError, isCormError } from "../errors/corm-error.js";
import { repeatedRows } from "../import/import-records.js";
import { hash64 } from "../import/seen-keys.js";
import { settle } from "../import/settle.js";
import type { RecordValues } from "../model/record-codec.js";
import type { Session } from "../runtime/session.js";
import { storableText } from "../util/normalize-text.js";
import { type DuplicateCounts, writeUnlessThere } from "./duplicate-rows.js";
import { ImportNotResumable, ImportTakenOver, InvalidImport, RowTooLarge } from "./errors.js";
import { booksOf, findJob, isStale, requestOf, startedBy, statusOf } from "./import-jobs.js";
import type { ImportOptions, ImportStatus } from "./import-options.js";
import { fillLinks } from "./link-columns.js";
import { keepPoints } from "./points.js";
import { openSource, type Source, type SourceRow } from "./read-source.js";
import { intake, takenKeys, writeBatch } from "./write-batch.js";

/**
 * What is under way when young memory is swept lives on as old memory: of 500 rows that is so much that V8 lets it grow to
 * four times what is in use.
 */
const BATCH = 200;
const NONE: DuplicateCounts = { skipped: 0, matched: 0 };
/** Characters of one batch, so that large rows make small ones. */
const BATCH_SIZE = 1_048_576;

/**
 * Writes the records of a file, batch by batch, as the actor of `ctx`: through hooks, access and validation. A row that
 * is refused is noted with its reason and keeps no other out. The job knows after every batch how far it has come.
 *
 * @throws unknown-field, invalid-import where nothing can be taken; invalid-import, row-too-large later, with what came
 * before it written
 */
export async function importFile(
  ctx: Context,
  entity: { readonly name: string },
  bytes: AsyncIterable<Uint8Array>,
  options: ImportOptions,
  file: { readonly size?: number | undefined } = {},
): Promise<ImportStatus> {
  const session = ctx as Session;
  session.require(session.entity(entity.name), "import");
  await checkPolicy(session, entity.name, options);
  if (options.mode === "capture") intake(session, entity.name);
  const source = await openSource(session, session.entity(entity.name), bytes, options);
  await forgetOld(session);
  const job = await booksOf(session)
    .repo(importJob)
    .create({
      target: entity.name,
      startedBy: startedBy(session.actor),
      state: "running",
      options,
      header: [...source.header],
      position: 0,
      digest: "",
      accepted: 0,
      rejected: 0,
      // Of a packed file, how much is read says nothing of how much is done.
      bytesTotal: options.format === "xlsx" ? null : (file.size ?? null),
      runAt: session.now(),
    });
  return new Run(session, job).from(source);
}

/**
 * Goes on with an import that did not come to its end: the same file again, from its beginning. What is decided is
 * skipped.
 *
 * @throws not-found, import-not-resumable
 */
export async function resumeImport(
  ctx: Context,
  id: string,
  bytes: AsyncIterable<Uint8Array>,
): Promise<ImportStatus> {
  const session = ctx as Session;
  const job = await findJob(session, id);
  session.require(session.entity(job.target), "import");
  if ((job.options as ImportOptions).mode === "capture") intake(session, job.target);
  await checkPolicy(session, job.target, job.options as ImportOptions);
  if (job.state === "reverting" || job.state === "reverted")
    throw ImportNotResumable({ id, reason: "was taken back" });
  if (job.state === "finished") throw ImportNotResumable({ id, reason: "has come to its end" });
  if (job.state === "running" && !isStale(session, job))
    throw ImportNotResumable({
      id,
      reason: "is still running: try again when it has been silent for a minute",
    });
  const source = await openSource(session, session.entity(job.target), bytes, job.options as ImportOptions);
  if (JSON.stringify(source.header) !== JSON.stringify(job.header))
    throw ImportNotResumable({ id, reason: "began with a file of other columns" });
  return new Run(session, await takeOver(session, job)).from(source);
}

/** @throws invalid-import where the policy for duplicates could decide nothing; forbidden */
async function checkPolicy(session: Session, name: string, options: ImportOptions): Promise<void> {
  const { duplicates = "create", mode = "create", empty = "keep" } = options;
  known("duplicates", duplicates, ["create", "skip", "update", "reject"]);
  known("mode", mode, ["create", "update", "upsert", "capture"]);
  known("empty", empty, ["keep", "clear"]);
  if (duplicates === "create") return;
  if (mode !== "create")
    throw InvalidImport({
      reason: `"duplicates" is for the mode create: the mode ${mode} finds records in its own way.`,
    });
  const entity = session.entity(name);
  session.require(entity, "read");
  if (duplicates === "update") session.require(entity, "update");
  if (!(await rulesFor(session, entity.full)))
    throw InvalidImport({
      reason: `No matching rule is about ${name}, so nothing would be a duplicate: make a matchRule, or leave "duplicates" out.`,
    });
}

/** Options of a program may be anything. @throws invalid-import */
function known(option: string, value: string, all: readonly string[]): void {
  if (!all.includes(value))
    throw InvalidImport({
      reason: `"${option}" is one of ${all.join(", ")}, not "${String(value).slice(0, 100)}".`,
    });
}

/** Who imports clears away what earlier imports have left for too long; where that fails, the next one does. */
async function forgetOld(session: Session): Promise<void> {
  try {
    await applyTerm(booksOf(session) as Session, importRejection);
  } catch (error) {
    session.runtime.report(error);
  }
}

/** Of two who would go on with a job at the same moment, one does. */
async function takeOver(session: Session, { id, version, position }: ImportJob): Promise<ImportJob> {
  try {
    const jobs = booksOf(session).repo(importJob);
    const run = { state: "running", problem: null, runAt: session.now(), runFrom: position } as const;
    return await jobs.update(id, run, { version });
  } catch (error) {
    if (!VersionConflict.is(error)) throw error;
    throw ImportNotResumable({ id, reason: "has moved on meanwhile: it is still running" }, { cause: error });
  }
}

type Digest = readonly [high: number, low: number];

/** A record of the file with the place and the digest of the file up to it. */
type Step = SourceRow & { readonly at: number; readonly digest: Digest };

/** One process on its way through one file. A class: it is the state of something that happens. */
class Run {
  readonly #session: Session;
  readonly #options: ImportOptions;
  #source: Source | undefined;
  #job: ImportJob;
  /** Records that were read, and their digest. */
  #read = 0;
  #digest: Digest = [0, 0];

  constructor(session: Session, job: ImportJob) {
    // What it writes bears its name in the journal: by that it can be taken back.
    // Its values are from the import, unless the caller says more.
    const origin = { source: "import", reference: job.id, ...session.origin };
    this.#session = session.forRequest(requestOf(job.id)).from(origin);
    this.#job = job;
    this.#options = job.options as ImportOptions;
  }

  async from(source: Source): Promise<ImportStatus> {
    try {
      await this.#all(source);
      return statusOf(this.#session, await this.#end());
    } catch (error) {
      if (!ImportTakenOver.is(error)) await this.#stopped(error);
      throw this.#explained(error);
    } finally {
      await source.rows.return(undefined).catch(() => undefined);
    }
  }

  async #all(source: Source): Promise<void> {
    this.#source = source;
    const { on = [] } = this.#options;
    const repeats = repeatedRows<RecordValues>(on);
    const { position, digest } = this.#job;
    let batch: Step[] = [];
    let size = 0;
    for await (const given of source.rows) {
      const item = on.length > 0 && "input" in given ? { ...repeats(given), cells: given.cells } : given;
      this.#count(item);
      if (this.#read <= position) {
        if (this.#read === position && digest !== textOf(this.#digest)) throw this.#other();
        continue;
      }
      batch.push(Object.assign(item, { at: this.#read, digest: this.#digest }));
      for (const cell of item.cells) size += cell.length;
      if (batch.length < BATCH && size < BATCH_SIZE) continue;
      await this.#settle(batch);
      batch = [];
      size = 0;
    }
    if (this.#read < position) throw this.#other();
    if (batch.length > 0) await this.#settle(batch);
  }

  #count({ cells }: SourceRow): void {
    this.#read += 1;
    for (const cell of cells) this.#digest = hash64(cell, ...this.#digest);
  }

  #other(): CormError {
    const { id, position } = this.#job;
    return ImportNotResumable({
      id,
      reason: `began with another file: the first ${position} rows are not the same`,
    });
  }

  async #settle(steps: readonly Step[]): Promise<void> {
    const links = this.#source?.links() ?? [];
    const batch = links.length > 0 ? await fillLinks(this.#session, links, steps) : steps;
    const entity = this.#job.target;
    const { mode = "create", duplicates = "create" } = this.#options;
    return settle<RecordValues>(batch, {
      entity,
      write: (rows) => this.#write(rows as readonly Step[]),
      isFatal: (error) => ImportTakenOver.is(error),
      // Of rows that change what is there, a key that is taken tells nothing.
      ...(mode === "create" && duplicates === "create"
        ? { explain: (error, inputs) => takenKeys(this.#session, entity, error, inputs) }
        : {}),
    });
  }

  /** The rows and how far they bring the job, in one transaction: after a crash nothing is done twice, or left out. */
  async #write(rows: readonly Step[]): Promise<void> {
    const { dryRun = false } = this.#options;
    const tried = dryRun ? await this.#rehearse(rows) : undefined;
    this.#job = await this.#session.atomically(async (tx) =>
      this.#note(tx, rows, tried ?? (await this.#records(tx, rows))),
    );
  }

  /** Everything that writing the rows would do, rolled back. */
  async #rehearse(rows: readonly Step[]): Promise<DuplicateCounts> {
    const end = new Error("the rehearsal is over");
    let counts = NONE;
    try {
      await this.#session.atomically(async (tx) => {
        counts = await this.#records(tx, rows);
        throw end;
      });
    } catch (error) {
      if (error !== end) throw error;
    }
    return counts;
  }

  async #records(tx: Session, rows: readonly Step[]): Promise<DuplicateCounts> {
    const { mode = "create", on = [], duplicates = "create" } = this.#options;
    const { id, target } = this.#job;
    const good = rows.flatMap((item) => ("input" in item ? [item] : []));
    if (duplicates !== "create") return writeUnlessThere(tx, target, good, this.#options);
    const inputs = good.map(({ input }) => input);
    const written = await writeBatch(tx, target, inputs, mode, on, id);
    const pointed = written.map((record, at) => ({ record, at, points: good[at]?.points }));
    await keepPoints(tx, target, pointed);
    return NONE;
  }

  async #note(tx: Session, rows: readonly Step[], counts: DuplicateCounts): Promise<ImportJob> {
    const books = booksOf(tx);
    const refused = rows.flatMap((item) =>
      "rejection" in item ? [{ item, rejection: item.rejection }] : [],
    );
    await books.repo(importRejection).createMany(
      refused.map(({ item, rejection }) => ({
        jobId: this.#job.id,
        row: rejection.row,
        reason: storableText(rejection.reason.slice(0, 2000)),
        cells: JSON.stringify(item.cells),
      })),
    );
    const { at, digest } = rows[rows.length - 1] as Step;
    const { accepted, rejected, skipped, matched } = this.#job;
    return this.#update(books, {
      position: at,
      digest: textOf(digest),
      bytesRead: this.#source?.bytesRead() ?? 0,
      accepted: accepted + rows.length - refused.length,
      rejected: rejected + refused.length,
      skipped: skipped + counts.skipped,
      matched: matched + counts.matched,
    });
  }

  #end(): Promise<ImportJob> {
    return this.#update(booksOf(this.#session), { state: "finished", finishedAt: this.#session.now() });
  }

  /** Notes why it did not come to its end: also when the caller has hung up. */
  async #stopped(error: unknown): Promise<void> {
    const refused = isCormError(error) && error.status < 500;
    const gone = this.#session.signal?.aborted === true;
    const problem = gone
      ? goneBecause(this.#session.signal?.reason)
      : refused
        ? error.message
        : "Something went wrong on this side.";
    try {
      const state = refused && !gone ? "failed" : "interrupted";
      await this.#update(booksOf(this.#session.outside()), {
        state,
        problem: storableText(problem.slice(0, 2000)),
      });
    } catch (failed) {
      this.#session.runtime.report(failed);
    }
  }

  #explained(error: unknown): unknown {
    const { id, position: done } = this.#job;
    if (InvalidImport.is(error))
      return InvalidImport({ ...(error.meta as { reason: string }), id, done }, { cause: error });
    if (RowTooLarge.is(error))
      return RowTooLarge({ ...(error.meta as { line: number; limit: number }), id, done }, { cause: error });
    return error;
  }

  /** Nobody else may have gone on with the job since: its version is the proof. */
  async #update(books: Context, patch: Partial<ImportJobInput>): Promise<ImportJob> {
    const { id, version } = this.#job;
    try {
      return await books.repo(importJob).update(id, patch, { version });
    } catch (error) {
      throw VersionConflict.is(error) ? ImportTakenOver({ id }, { cause: error }) : error;
    }
  }
}

const textOf = (digest: Digest): string => digest.map((half) => half.toString(16).padStart(8, "0")).join("");

/** A request that took too long says so itself. */
const goneBecause = (reason: unknown): string =>
  isCormError(reason) ? reason.message : "The caller hung up.";
