import { type Issue, ValidationFailed } from "@corm/core";

/** Refuses values of fields that the plugin writes itself; `null` and nothing are no values. */
export function refuseWritten(entity: string, batch: readonly object[], names: readonly string[]): void {
  const issues = batch.flatMap((values, at) =>
    names
      .filter((name) => (values as Record<string, unknown>)[name] != null)
      .map((name): Issue => {
        const pointer = batch.length === 1 ? `/${name}` : `/${at}/${name}`;
        return { pointer, code: "written-by-plugin", message: "follows from other values and from actions" };
      }),
  );
  if (issues.length > 0) throw ValidationFailed({ entity, issues });
}
