import { HookFailed } from "../../errors/core-errors.js";
import { isCormError } from "../../errors/corm-error.js";
import type { HookPhase } from "../../hooks/define-hook.js";
import type { Session } from "../../runtime/session.js";

/** How far a write has come: once `started`, its failure leaves nothing of the transaction to keep. */
export interface Progress {
  started: boolean;
}

/** Runs one write (or action) in a transaction of its own or the caller's. */
export function operation<T>(
  outer: Session,
  name: string,
  work: (session: Session, progress: Progress) => Promise<T>,
): Promise<T> {
  return outer.atomically(async (tx) => {
    const session = tx.inside(name);
    const progress: Progress = { started: false };
    try {
      return await work(session, progress);
    } catch (error) {
      if (progress.started && session.scope) session.scope.failed ??= name;
      throw error;
    }
  });
}

/** Runs the hooks of one phase strictly one after another; each sees what the ones before it changed. */
export async function runHooks(
  session: Session,
  entity: string | null,
  operationName: string,
  phase: HookPhase,
  batch: readonly unknown[],
): Promise<void> {
  for (const hook of session.runtime.composition.hooks.of(entity, operationName, phase)) {
    try {
      const pending = hook.handler(batch as readonly never[], session);
      if (pending) await pending;
    } catch (error) {
      if (isCormError(error)) throw error;
      const on = `${entity ?? "*"}.${operationName} (${phase})`;
      throw HookFailed({ hook: hook.name, plugin: hook.owner, on }, { cause: error });
    }
  }
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
        const failed = HookFailed({ hook: hook.name, plugin: hook.owner, on }, { cause: error });
        session.runtime.report(failed);
      }
    }
  });
}
