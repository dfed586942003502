import type { Context } from "../context/context.js";
import { appendEvent } from "../journal/append.js";
import type { PersonalModel } from "../privacy/personal-model.js";
import { decodeRows } from "../repository/decode-rows.js";
import type { Session } from "../runtime/session.js";
import { belongs, erasureOrder, mentions, unattached } from "./belongs.js";
import { asSystem, permitted, seen } from "./require-permission.js";
import { rowsOf } from "./rows.js";
import { findSubject, type PersonRef, storedSubject } from "./subject.js";

/** Event in the journal, on each record of the person. */
const EXPORTED = "privacy.exported";

/**
 * Everything that is kept of a person, over all plugins, as lines of JSON (NDJSON): `subject` first, then `record` by
 * `record`, and `end` with the counts, without which the file is cut short. Secret fields are never in it, nor what
 * is about somebody else. Memory holds one page. The journal says who asked, before the first line.
 *
 * @param ctx of an actor with the permission `privacy.export`, who may see the person's records
 * @throws forbidden, not-found, subject-unknown: before the first line
 */
export async function* exportSubject(
  ctx: Context,
  person: PersonRef | readonly PersonRef[],
): AsyncGenerator<string> {
  const session = permitted(ctx, "privacy.export");
  const named = Array.isArray(person) ? (person as readonly PersonRef[]) : [person as PersonRef];
  await seen(session, named);
  const system = asSystem(session, "export of what is kept of a person");
  const subject = await findSubject(system, named);
  const { persons, email, phone } = storedSubject(subject);
  // Nothing is written, and much is read past all rights: that it happened is kept.
  await system.transaction(async (tx) => {
    for (const [name, ids] of subject.persons)
      for (const record of ids)
        await appendEvent(tx as Session, EXPORTED, "{}", { entity: { name }, record });
  });
  yield line({
    type: "subject",
    tenant: system.tenant,
    at: system.now(),
    persons,
    addresses: { email, phone },
  });
  const counts: Record<string, number> = {};
  // People first, then what hangs on them.
  for (const model of erasureOrder(system.runtime.composition.personal).reverse()) {
    let count = 0;
    for await (const values of recordsOf(system, model, subject)) {
      count += 1;
      yield line({ type: "record", entity: model.entity.name, values });
    }
    if (count > 0) counts[model.entity.name] = count;
  }
  yield line({ type: "end", records: counts });
}

async function* recordsOf(
  session: Session,
  model: PersonalModel,
  subject: Parameters<typeof belongs>[2],
): AsyncGenerator<Record<string, unknown>> {
  const where = await belongs(session, model, subject);
  const pages = [
    ...(where.op === "const" && !where.value ? [] : [{ where, mentioned: false }]),
    ...(model.mentions.length > 0 ? [{ where: unattached(model), mentioned: true }] : []),
  ];
  for (const { where: filter, mentioned } of pages) {
    for await (const page of rowsOf(session, model.entity, filter)) {
      for (const record of await decodeRows(session, model.entity.fieldList, page)) {
        if (mentioned && !mentions(model, record, subject)) continue;
        if (!model.isAbout(record, subject)) continue;
        yield Object.fromEntries(model.exported.map(({ name }) => [name, record[name]]));
      }
    }
  }
}

const line = (value: unknown): string => `${JSON.stringify(value)}\n`;
