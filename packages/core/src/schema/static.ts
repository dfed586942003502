import type { Fields, ValueOf } from "./field.js";

/** Columns that every record has. Core writes them; inputs cannot. */
export interface SystemFields {
  readonly id: string;
  readonly tenantId: string;
  readonly createdAt: string;
  readonly updatedAt: string;
  /** Starts at 1 and grows with every change; what optimistic locking compares. */
  readonly version: number;
  /** Set while the record is in the recycle bin. */
  readonly deletedAt: string | null;
}

type IsOptional<S> = S extends { readonly "~optional": true } ? true : false;
type IsDefaulted<S> = S extends { readonly "~default": true } ? true : false;

type RequiredInputKeys<F> = {
  [K in keyof F]: IsOptional<F[K]> extends true ? never : IsDefaulted<F[K]> extends true ? never : K;
}[keyof F];

/** The part of a row that the given fields make up; an optional field without value is `null`. */
export type FieldsRow<F extends Fields> = {
  readonly [K in keyof F]: IsOptional<F[K]> extends true ? ValueOf<F[K]> | null : ValueOf<F[K]>;
};

/** What creating a record takes. `null` is the same as leaving an optional field out. */
export type FieldsInput<F extends Fields> = {
  [K in RequiredInputKeys<F>]: ValueOf<F[K]>;
} & {
  [K in Exclude<keyof F, RequiredInputKeys<F>>]?:
    | ValueOf<F[K]>
    | (IsOptional<F[K]> extends true ? null : never)
    | undefined;
};
