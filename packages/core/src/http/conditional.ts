import type { EntityModel } from "../model/entity-model.js";
import type { RecordValues } from "../model/record-codec.js";
import { IfMatchRequired } from "./errors.js";
import type { Etags } from "./etags.js";

/** How a host wants requests under conditions. */
export interface Conditions {
  readonly etags: Etags;
  /** Changes without `If-Match` are refused. */
  readonly requireIfMatch: boolean;
}

/**
 * Versions that `If-Match` allows; undefined where it allows any. Tags that are weak, or not of this record, match
 * nothing, which is a list of an impossible version.
 *
 * @throws if-match-required where the host asks for the header and it is not there
 */
export function ifMatch(
  headers: Headers,
  { etags, requireIfMatch }: Conditions,
  entity: string,
  id: string,
): readonly number[] | undefined {
  const header = headers.get("if-match");
  if (header === null && requireIfMatch) throw IfMatchRequired({});
  if (header === null || header.trim() === "*") return undefined;
  return tagsOf(header).map((tag) => etags.versionOf(entity, id, tag));
}

/** True where the caller has this version already. Compares weakly, as RFC 9110 says for reading. */
export function ifNoneMatch(
  headers: Headers,
  etags: Etags,
  { name, derived }: Pick<EntityModel, "name" | "derived">,
  record: RecordValues,
): boolean {
  const header = headers.get("if-none-match");
  if (header === null) return false;
  if (header.trim() === "*") return true;
  const current = etags.of(
    name,
    record,
    derived.map((field) => field.name),
  );
  return tagsOf(header).some((tag) => tag.replace(/^W\//, "") === current);
}

function tagsOf(header: string): string[] {
  return header.split(",").map((tag) => tag.trim());
}
