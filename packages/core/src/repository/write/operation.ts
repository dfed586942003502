import { HookBrokeInput, HookFailed } from "../../errors/core-errors.js";
import { type CormError, isCormError } from "../../errors/corm-error.js";
import type { HookPhase } from "../../hooks/define-hook.js";
import type { EntityModel } from "../../model/entity-model.js";
import type { RecordValues } from "../../model/record-codec.js";
import type { CompiledHook } from "../../plugin/compile-hooks.js";
import type { Session } from "../../runtime/session.js";

/** How far a write has come: once `started`, its failure leaves nothing of the transaction to keep. */
export interface Progress {
  started: boolean;
}

/**
 * Runs one write (or action) in a transaction of its own or the caller's. `cascaded` where another write takes it along.
 * Hooks and actions are called by `foreign`.
 */
export function operation<T>(
  outer: Session,
  name: string,
  work: (session: Session, progress: Progress) => Promise<T>,
  cascaded = false,
): Promise<T> {
  return outer.atomically(async (tx) => {
    const session = tx.inside(name, cascaded);
    const progress: Progress = { started: false };
    try {
      return await work(session, progress);
    } catch (error) {
      if (progress.started && session.scope) session.scope.failed ??= name;
      throw error;
    } finally {
      if (progress.started && session.scope) session.scope.writes += 1;
    }
  }, false);
}

/** Calls code of others: should it use a session from outside of the transaction, that is noticed. */
export function foreign<T>(session: Session, call: () => T | Promise<T>): T | Promise<T> {
  const { scope, runtime } = session;
  return scope ? runtime.guard.run(scope, call) : call();
}

/** Runs the hooks of one phase strictly one after another; each sees what the ones before it changed. */
export function runHooks(
  session: Session,
  entity: string | null,
  operationName: string,
  phase: HookPhase,
  batch: readonly unknown[],
): Promise<void> | void {
  const hooks = session.runtime.composition.hooks.of(entity, operationName, phase);
  if (hooks.length > 0) return runEach(session, hooks, `${entity ?? "*"}.${operationName} (${phase})`, batch);
}

/**
 * Runs the `before` hooks of a write. What one of them could not work with may be what the caller gave, of which hooks are
 * told before it is checked: then that is what is wrong.
 *
 * @param check throws where values that the caller gave are none that their fields take
 */
export async function runBefore(
  session: Session,
  entity: string,
  operationName: string,
  batch: readonly unknown[],
  check: () => void,
): Promise<void> {
  try {
    await runHooks(session, entity, operationName, "before", batch);
  } catch (error) {
    if (HookFailed.is(error)) check();
    throw error;
  }
}

/** Hooks around an update of an entity that want to hear of merges. */
export function mergeHooks(
  session: Session,
  entity: string,
  phase: "before" | "after" = "after",
): readonly CompiledHook[] {
  return session.runtime.composition.hooks.of(entity, "update", phase).filter(({ merges }) => merges);
}

/** Runs those hooks around an update that want to hear of what a merge changes past all others. */
export async function runMergeHooks(
  session: Session,
  entity: string,
  batch: readonly unknown[],
  phase: "before" | "after" = "after",
): Promise<void> {
  const hooks = mergeHooks(session, entity, phase);
  if (hooks.length > 0 && batch.length > 0)
    await runEach(session, hooks, `${entity}.update (${phase})`, batch);
}

async function runEach(
  session: Session,
  hooks: readonly CompiledHook[],
  on: string,
  batch: readonly unknown[],
): Promise<void> {
  for (const hook of hooks) {
    try {
      const pending = foreign(session, () => hook.handler(batch as readonly never[], session));
      if (pending) await pending;
    } catch (error) {
      // A veto, or the caller gave up.
      if (
        isCormError(error) ||
        (session.identity.signal?.aborted && error === session.identity.signal.reason)
      )
        throw error;
      throw HookFailed({ hook: hook.name, plugin: hook.owner, on }, { cause: error });
    }
  }
}

/**
 * Looks for fields that are none in what `before` hooks left. The caller's own were looked at before.
 *
 * @throws hook-broke-input
 */
export function refuseStrays(
  session: Session,
  entity: EntityModel,
  operationName: string,
  batch: readonly RecordValues[],
): void {
  for (const values of batch) {
    for (const name of Object.keys(values)) {
      const field = entity.fields.get(name);
      if (!field || field.system)
        throw brokenInput(session, entity.name, operationName, [`"${name}" is not a field that can be set`]);
    }
  }
}

export function brokenInput(
  session: Session,
  entity: string | null,
  operationName: string,
  problems: readonly string[],
): CormError {
  const hooks = session.runtime.composition.hooks
    .of(entity, operationName, "before")
    .map((hook) => `${hook.name} (plugin "${hook.owner}")`);
  return HookBrokeInput({ on: `${entity ?? "*"}.${operationName}`, problems, hooks });
}

/** Queues the `committed` hooks; one that throws is reported and does not keep the next from running. */
export function queueCommitted(
  session: Session,
  entity: string | null,
  operationName: string,
  batch: readonly unknown[],
): void {
  const hooks = session.runtime.composition.hooks.of(entity, operationName, "committed");
  const { scope } = session;
  if (hooks.length === 0 || !scope) return;
  scope.committed.push(async () => {
    for (const hook of hooks) {
      try {
        await hook.handler(batch as readonly never[], session.outside());
      } catch (error) {
        const on = `${entity ?? "*"}.${operationName} (committed)`;
        const failed = HookFailed(
          { hook: hook.name, plugin: hook.owner, on, committed: true },
          { cause: error },
        );
        session.runtime.report(failed);
      }
    }
  });
}
