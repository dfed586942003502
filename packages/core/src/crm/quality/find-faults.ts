import type { EntityModel } from "../../model/entity-model.js";
import type { FieldModel } from "../../model/field-model.js";
import { columnsOf, decodeRecord, type RecordValues } from "../../model/record-codec.js";
import type { EntityValidator } from "../../model/validate.js";
import { parseWhere } from "../../repository/parse-where.js";
import type { Session } from "../../runtime/session.js";
import { countryCode } from "../../standards/country.js";
import { standardProblem } from "../../standards/is-standard.js";
import { STANDARDS } from "../../standards/normal-form.js";
import type { StoredRow } from "../../storage/adapter.js";
import { and } from "../../storage/filter.js";
import { type QualityRule, toldFields } from "./rules.js";

const DAY_MS = 86_400_000;

/** What a rule flags on one record. */
export interface Fault {
  readonly recordId: string;
  readonly rule: string;
  readonly kind: QualityRule["kind"];
  readonly field: string;
  readonly reason: string;
  readonly tellsOf: string;
}

/** The next records of an entity, by id, and what the rules flag on them. */
export interface CheckedPage {
  readonly ids: readonly string[];
  readonly faults: readonly Fault[];
}

/** Reads a page of records, locked so that none goes before its findings are written, and holds each against the rules. */
export async function checkPage(
  tx: Session,
  entity: EntityModel,
  rules: readonly QualityRule[],
  after: string | null,
  limit: number,
): Promise<CheckedPage> {
  const fields = fieldsRead(entity, rules);
  const rows = await tx.operations().findMany({
    table: entity.table,
    columns: columnsOf(fields),
    where: tx.rows(),
    orderBy: [{ column: "id", direction: "asc" }],
    ...(after === null ? {} : { after: [after] }),
    limit,
    lock: "share",
  });
  const ids = rows.map((row) => row["id"] as string);
  const open = fields.filter((field) => !field.encrypted);
  const records = rows.map((row) => ({ row, values: decodeRecord(open, row) }));
  const validator = tx.runtime.composition.validators.get(entity.name) as EntityValidator;
  const inspection = { session: tx, entity, validator };
  const faults: Fault[] = [];
  for (const rule of rules) {
    const meant = await meantBy(tx, entity, rule, ids);
    for (const { row, values } of records) {
      const recordId = row["id"] as string;
      if (meant && !meant.has(recordId)) continue;
      for (const { field, reason } of wrongWith(inspection, rule, row, values)) {
        const { name, kind } = rule;
        faults.push({ recordId, rule: name, kind, field, reason, tellsOf: toldFields(entity, rule, field) });
      }
    }
  }
  return { ids, faults };
}

function fieldsRead(entity: EntityModel, rules: readonly QualityRule[]): FieldModel[] {
  const names = new Set(["id", "createdAt"]);
  for (const rule of rules) {
    if (rule.kind === "stale") names.add(rule.by ?? "updatedAt");
    else for (const name of rule.fields) names.add(name);
  }
  // By what a number without a prefix is read.
  for (const { standard } of entity.standards)
    for (const name of [standard?.country, standard?.by]) if (name) names.add(name);
  return [...names].flatMap((name) => entity.fields.get(name) ?? []);
}

/** Those of the records that the condition of a rule means; undefined where it means all. */
async function meantBy(
  tx: Session,
  entity: EntityModel,
  { where }: QualityRule,
  ids: readonly string[],
): Promise<ReadonlySet<string> | undefined> {
  if (!where || ids.length === 0) return undefined;
  await tx.openKeys();
  const rows = await tx.operations().findMany({
    table: entity.table,
    columns: ["id"],
    where: and({ op: "in", column: "id", values: ids }, tx.rows(), parseWhere(entity, where, tx)),
    orderBy: [],
    limit: ids.length,
  });
  return new Set(rows.map((row) => row["id"] as string));
}

interface Inspection {
  readonly session: Session;
  readonly entity: EntityModel;
  readonly validator: EntityValidator;
}

function* wrongWith(
  inspection: Inspection,
  rule: QualityRule,
  row: StoredRow,
  values: RecordValues,
): Generator<{ readonly field: string; readonly reason: string }> {
  const { session, entity } = inspection;
  if (rule.kind === "stale") {
    const field = rule.by ?? "updatedAt";
    const last = (values[field] ?? values["createdAt"]) as string;
    if (Date.parse(last) < session.clock.now() - rule.days * DAY_MS)
      yield { field, reason: `has not changed for ${rule.days} days` };
    return;
  }
  for (const field of rule.fields) {
    const model = entity.fields.get(field) as FieldModel;
    if (rule.kind === "incomplete") {
      // Of an encrypted one it is enough to see that something is there.
      const value = model.encrypted ? row[model.column] : values[field];
      if (isEmpty(value)) yield { field, reason: "is empty" };
    } else {
      const reason = problemOf(inspection, model, values);
      if (reason !== undefined) yield { field, reason };
    }
  }
}

const isEmpty = (value: unknown): boolean =>
  value === null ||
  value === undefined ||
  (typeof value === "string" && value.trim() === "") ||
  (Array.isArray(value) && value.length === 0);

/** Why the value of a field would not be taken today, or is not what its standard says. */
function problemOf(
  { session, validator }: Inspection,
  { name, standard }: FieldModel,
  before: RecordValues,
): string | undefined {
  const value = before[name];
  if (value === null || value === undefined) return undefined;
  const { country } = session;
  const patch: RecordValues = { [name]: structuredClone(value) };
  validator.standardize(patch, country, before);
  const [issue] = validator.checkPatch(patch);
  if (issue) return issue.message.slice(0, 300);
  const normal = patch[name];
  if (!standard || typeof normal !== "string") return undefined;
  const own = standard.country === null ? undefined : before[standard.country];
  const named =
    standard.by === null ? undefined : STANDARDS.find((one) => one === before[standard.by as string]);
  return standardProblem(named ?? standard.as, normal, {
    country: typeof own === "string" && countryCode(own) ? own : country,
  });
}
