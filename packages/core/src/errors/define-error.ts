import { CormError, type Issue, isCormError } from "./corm-error.js";

export interface ErrorDefinition<Meta> {
  /** HTTP status that this error answers with. */
  readonly status: number;
  /** What went wrong in general, the same for every occurrence. */
  readonly title: string;
  /** What went wrong here, and what to do about it. */
  readonly detail: (meta: Meta) => string;
  readonly issues?: (meta: Meta) => readonly Issue[] | undefined;
}

export interface ErrorFactory<Meta> {
  (meta: Meta, options?: { readonly cause?: unknown }): CormError;
  readonly code: string;
  readonly status: number;
  readonly title: string;
  /** True for an error made by this factory, also by another copy of the package. */
  is(error: unknown): error is CormError;
}

/**
 * Declares an error once; the result makes it.
 *
 * @param code kebab-case and stable: it is the `code` of the problem document and part of its `type`.
 * @example
 * const LeadAlreadyConverted = defineError<{ id: string }>("lead-already-converted", {
 *   status: 409,
 *   title: "Lead already converted",
 *   detail: ({ id }) => `Lead ${id} was converted before; read its result instead.`,
 * });
 * throw LeadAlreadyConverted({ id });
 */
export function defineError<Meta extends object = Record<string, never>>(
  code: string,
  definition: ErrorDefinition<Meta>,
): ErrorFactory<Meta> {
  const make = (meta: Meta, options?: { readonly cause?: unknown }): CormError =>
    new CormError({
      code,
      status: definition.status,
      title: definition.title,
      detail: definition.detail(meta),
      issues: definition.issues?.(meta),
      meta: meta as Readonly<Record<string, unknown>>,
      cause: options?.cause,
    });
  return Object.assign(make, {
    code,
    status: definition.status,
    title: definition.title,
    is: (error: unknown): error is CormError => isCormError(error) && error.code === code,
  });
}
