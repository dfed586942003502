/** A fault that somebody could build in: one text of one file is another one. */
export interface Mutant {
  readonly name: string;
  /** The scenario that must tell. */
  readonly scenario: string;
  /** From the folder of the repository. */
  readonly file: string;
  readonly from: string;
  readonly to: string;
}

const queue = "packages/core/src/queue";
const redis = "packages/redis/src";
const workflow = "packages/plugin-workflow/src";

/** Each must be told by some seed: a simulator that cannot tell them tells nothing. */
export const mutants: readonly Mutant[] = [
  {
    name: "no fence: whoever had a job completes it",
    scenario: "jobs",
    file: `${queue}/database-engine.ts`,
    from: `is("id", job.id), is("token", job.token), inState("running"));`,
    to: `is("id", job.id));`,
  },
  {
    name: "completes after the transaction of the work",
    scenario: "jobs",
    file: `${queue}/run-job.ts`,
    from: "      await engine.complete(job, tx);\n    });\n    return;",
    to: "    });\n    await engine.complete(job);\n    return;",
  },
  {
    name: "completes before the work",
    scenario: "jobs",
    file: `${queue}/run-job.ts`,
    from: "    await session.atomically(async (tx) => {\n      await definition.run(tx, input, run);",
    to: "    await engine.complete(job);\n    await session.atomically(async (tx) => {\n      await definition.run(tx, input, run);\n      if (job) return;",
  },
  {
    name: "makes a job from memory after the commit",
    scenario: "jobs",
    file: `${queue}/database-engine.ts`,
    from: "if (rows.length > 0) await operations.insertMany(TABLE, rows);",
    to: "if (rows.length > 0) await this.#after(session, () => this.#host.storage.forTenant(session.tenant).insertMany(TABLE, rows));",
  },
  {
    name: "makes a job without waiting for the commit",
    scenario: "jobs",
    file: `${queue}/database-engine.ts`,
    from: "if (rows.length > 0) await operations.insertMany(TABLE, rows);",
    to: "if (rows.length > 0) void this.#host.storage.forTenant(session.tenant).insertMany(TABLE, rows);",
  },
  {
    name: "takes nothing back from the dead",
    scenario: "jobs",
    file: `${queue}/leases.ts`,
    from: `if (now - entry.since >= (row["lease"] as number)) silent.push(row);`,
    to: "",
  },
  {
    name: "gives two the same seat",
    scenario: "jobs",
    file: `${queue}/lanes.ts`,
    from: `{ state, seat });`,
    to: `{ state, seat: seat + next["id"] });`,
  },
  {
    name: "gives seats to the latest first",
    scenario: "jobs",
    file: `${queue}/lanes.ts`,
    from: `where: and(is("lane", lane), inState("blocked")),\n        orderBy: [{ column: "id", direction: "asc" }],`,
    to: `where: and(is("lane", lane), inState("blocked")),\n        orderBy: [{ column: "id", direction: "desc" }],`,
  },
  {
    name: "forgets lanes that nobody moved on",
    scenario: "jobs",
    file: `${queue}/database-engine.ts`,
    from: "await this.#lanes.advanceStuck();",
    to: "",
  },
  {
    name: "marks entries before they are handled",
    scenario: "events",
    file: "packages/core/src/journal/subscriber.ts",
    from: "    return this.#session.atomically(async (tx) => {\n      // Another",
    to: "    await this.#session.operations().updateWhere(CURSOR_TABLE.name, this.#held(), { position });\n    if (position) return this.#session.atomically(async (tx) => {\n      await handle(entries, tx);\n      return { count: entries.length, more };\n    });\n    return this.#session.atomically(async (tx) => {\n      // Another",
  },
  {
    name: "does not look whether another took over",
    scenario: "events",
    file: "packages/core/src/journal/subscriber.ts",
    from: "if ((await this.#position(tx)) !== before) return none;",
    to: "",
  },
  {
    name: "handles again what was done",
    scenario: "events",
    file: "packages/core/src/journal/delivery.ts",
    from: "position > before)",
    to: "position > 0 || before > 0)",
  },
  {
    name: "passes messages before they are done",
    scenario: "events",
    file: `${redis}/consumer.ts`,
    from: "      const problems: unknown[] = [];\n      for (const [tenant, own] of byTenant(messages))",
    to: "      await redis.hset(this.#keys.readers, reader, (messages[messages.length - 1] as Message).id);\n      const problems: unknown[] = [];\n      for (const [tenant, own] of byTenant(messages))",
  },
  {
    name: "does not go back when the broker lost something",
    scenario: "events",
    file: `${redis}/relay.ts`,
    from: "await subscriber.rewind(from);",
    to: "",
  },
  {
    name: "takes what is published for done",
    scenario: "events",
    file: `${redis}/relay.ts`,
    from: "if (behind) return;",
    to: "",
  },
  {
    name: "lets the time of one step end another",
    scenario: "approvals",
    file: `${workflow}/jobs/approval-timeout.ts`,
    from: `if (current.state !== "pending" || current.round !== round) return;`,
    to: `if (current.state !== "pending") return;`,
  },
  {
    name: "keeps a record locked after the decision",
    scenario: "approvals",
    file: `${workflow}/approvals/run.ts`,
    from: "{ state, finishedAt: books.now(), lock: null }",
    to: "{ state, finishedAt: books.now() }",
  },
  {
    name: "lets people write on what is submitted",
    scenario: "approvals",
    file: `${workflow}/hooks/lock-records.ts`,
    from: "if (items.length === 0) continue;",
    to: "if (items.length >= 0) continue;",
  },
  {
    name: "a wait does not hear what came since the step before it began",
    scenario: "runs",
    file: "packages/plugin-workflow/src/runs/missed.ts",
    from: "if (last > (wait.hearsFrom as number)) heard.add(wait);",
    to: "void wait;",
  },
  {
    name: "takes a run on whatever its round",
    scenario: "runs",
    file: `${workflow}/runs/move.ts`,
    from: `state === "waiting") && round === wanted;`,
    to: `state === "waiting") && round >= wanted;`,
  },
  {
    name: "keeps what a step did before it failed",
    scenario: "runs",
    file: `${workflow}/runs/advance-together.ts`,
    from: "await ctx.savepoint((tx) => move(tx, next, { woken, reads, since }));",
    to: "await move(ctx, next, { woken, reads, since });",
  },
  {
    name: "forgets the time of a wait",
    scenario: "runs",
    file: `${workflow}/runs/move.ts`,
    from: "if (until !== undefined)\n      enqueueWith(",
    to: "if (until !== undefined && this.#run.steps > 1)\n      enqueueWith(",
  },
  {
    name: "counts the turns of a loop from the start again",
    scenario: "runs",
    file: `${workflow}/runs/move.ts`,
    from: "each: { ...each, at: each.at + 1 } };",
    to: "each: { ...each, at: each.at + 1, ids: each.ids.slice(0, -1) } };",
  },
  {
    name: "takes the first job of a run for the one of its round",
    scenario: "runs",
    file: `${workflow}/runs/advance-together.ts`,
    from: "input.runId === run.id && goesOn(run, input.round));\n    return job ?",
    to: "input.runId === run.id);\n    return job && goesOn(run, job.input.round) ?",
  },
];
