/** One finding about one value, as RFC 9457 problem details list them. */
export interface Issue {
  /** JSON Pointer into the input: `/amount/currency`. Empty for the input as a whole. */
  readonly pointer: string;
  /** Kebab-case, stable. */
  readonly code: string;
  readonly message: string;
}

export interface CormErrorInit {
  readonly code: string;
  readonly status: number;
  readonly title: string;
  readonly detail: string;
  readonly issues?: readonly Issue[] | undefined;
  readonly meta?: Readonly<Record<string, unknown>>;
  readonly cause?: unknown;
}

const brand = Symbol.for("corm.error");

/**
 * Every error that Corm and its plugins raise on purpose. Compare codes (`LeadAlreadyConverted.is(e)`), not
 * classes: two copies of core in one process must still understand one another.
 */
export class CormError extends Error {
  readonly code: string;
  readonly status: number;
  readonly title: string;
  readonly issues: readonly Issue[];
  readonly meta: Readonly<Record<string, unknown>>;
  readonly [brand] = true;

  constructor(init: CormErrorInit) {
    super(init.detail, init.cause === undefined ? undefined : { cause: init.cause });
    this.name = "CormError";
    this.code = init.code;
    this.status = init.status;
    this.title = init.title;
    this.issues = init.issues ?? [];
    this.meta = init.meta ?? {};
  }
}

export function isCormError(error: unknown): error is CormError {
  return typeof error === "object" && error !== null && (error as { [brand]?: unknown })[brand] === true;
}
