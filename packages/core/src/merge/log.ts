import type { EntityModel } from "../model/entity-model.js";
import { openKept, sealKept } from "../repository/kept-values.js";
import type { Session } from "../runtime/session.js";
import type { StoredRow } from "../storage/adapter.js";

/** One thing that a merge does, and what was there before: what undoing goes by. */
export interface Step {
  readonly kind: "set" | "make" | "bin";
  readonly entity: string;
  readonly recordId: string;
  readonly field?: string;
  readonly before?: unknown;
  readonly after?: unknown;
  /** Where the value before was from, or none: of fields of which that is kept. */
  readonly provenance?: readonly StoredRow[];
}

const CHUNK = 500;

async function sealed(session: Session, step: Step): Promise<Step> {
  const { entity, recordId, field } = step;
  if (field === undefined) return step;
  const [before, after] = await sealKept(session, { entity, recordId, field }, step.before, step.after);
  return { ...step, before, after };
}

/**
 * A step with its values in clear text.
 *
 * @throws encryption-key-missing, decryption-failed
 */
export async function opened(session: Session, step: Step): Promise<Step> {
  const { entity, recordId, field } = step;
  if (field === undefined) return step;
  const [before, after] = await openKept(session, { entity, recordId, field }, step.before, step.after);
  return { ...step, before, after };
}

/** The steps of one merge, written as they come, so that memory does not grow with the children. */
export class MergeLog {
  readonly id: string;
  readonly #system: Session;
  #position = 0;
  #open: (Step & { readonly mergeId: string; readonly position: number })[] = [];
  readonly #counts = new Map<string, { entity: string; field: string; count: number }>();

  /** @param caller who merges: what is told of refusals goes by what he sees */
  constructor(
    system: Session,
    id: string,
    readonly caller: Session,
  ) {
    this.#system = system;
    this.id = id;
  }

  async note(...steps: readonly Step[]): Promise<void> {
    for (const step of steps) {
      this.#open.push({ ...(await sealed(this.#system, step)), mergeId: this.id, position: this.#position });
      this.#position += 1;
    }
    if (this.#open.length >= CHUNK) await this.flush();
  }

  /** Counts what was re-pointed. */
  moved(entity: string, field: string, count: number): void {
    const key = `${entity}.${field}`;
    const known = this.#counts.get(key);
    if (known) known.count += count;
    else this.#counts.set(key, { entity, field, count });
  }

  get counts(): { entity: string; field: string; count: number }[] {
    return [...this.#counts.values()];
  }

  async flush(): Promise<void> {
    const steps = this.#open;
    this.#open = [];
    for (let i = 0; i < steps.length; i += CHUNK)
      await this.#system.repo({ name: "mergeStep" } as never).createMany(steps.slice(i, i + CHUNK) as never);
  }
}

/** What a step has to say of where a value was from that it replaces; nothing for fields of which that is not kept. */
export function provenanceStep(
  session: Session,
  entity: EntityModel,
  field: string,
  known: ReadonlyMap<string, StoredRow> | undefined,
): Pick<Step, "provenance"> {
  if (!session.runtime.provenance.get(entity.name)?.has(field)) return {};
  const row = known?.get(field);
  return { provenance: row ? [row] : [] };
}
