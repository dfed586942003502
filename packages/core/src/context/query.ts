import type { Bucket } from "../storage/adapter.js";
import type { Money } from "../util/money.js";

/** Comparisons of one field. Several at once must all hold. `ne` and `nin` include records without a value. */
export interface Operators<V> {
  readonly eq?: V | null;
  readonly ne?: V | null;
  readonly in?: readonly V[];
  readonly nin?: readonly V[];
  readonly gt?: V;
  readonly gte?: V;
  readonly lt?: V;
  readonly lte?: V;
  /** Both ends included. */
  readonly between?: readonly [V, V];
  /** Literal text, upper and lower case alike; `%` and `_` mean themselves. */
  readonly contains?: string;
  readonly startsWith?: string;
  /** Of an id or a reference to an entity with a tree: below the record of this id, at any depth. */
  readonly descendantOf?: string;
  /** The same, and that record itself. */
  readonly inTreeOf?: string;
  readonly endsWith?: string;
  readonly isNull?: boolean;
  /** Dates and instants near now, by the session's clock: `{ last: 30, unit: "day" }`. */
  readonly within?: RelativeRange;
}

export interface RelativeRange {
  readonly last?: number;
  readonly next?: number;
  readonly unit: "minute" | "hour" | "day" | "week" | "month" | "year";
}

type Comparable<V> = NonNullable<V> extends Money ? Money | string : NonNullable<V>;

export type Condition<V> = Comparable<V> | null | Operators<Comparable<V>>;

type RelationCondition<T> =
  NonNullable<T> extends readonly (infer R)[]
    ? { readonly some?: Where<R>; readonly none?: Where<R>; readonly every?: Where<R> }
    : Where<NonNullable<T>> | null;

/**
 * Which records. All entries must hold; a bare value means `eq`; `null` means "has no value".
 *
 * @example { stage: { in: ["new", "working"] }, or: [{ score: { gt: 50 } }, { account: { industry: "software" } }] }
 */
export type Where<Row, Related = unknown> = {
  readonly [K in keyof Row]?: Condition<Row[K]>;
} & {
  readonly [K in keyof Related]?: RelationCondition<Related[K]>;
} & {
  readonly and?: readonly Where<Row, Related>[];
  readonly or?: readonly Where<Row, Related>[];
  readonly not?: Where<Row, Related>;
};

type Names<Row> = keyof Row & string;

/** A field name for ascending order, with `-` in front for descending. */
export type Sort<Row> = Names<Row> | `-${Names<Row>}`;

export interface Query<Row, Related, S extends Names<Row>, I extends Names<Related>> {
  readonly where?: Where<Row, Related>;
  /** Words that all must occur in the searchable fields, whatever their case and accents. */
  readonly search?: string;
  readonly select?: readonly S[];
  readonly include?: readonly I[];
  readonly orderBy?: readonly Sort<Row>[];
  /** 1 to 500, default 50. */
  readonly limit?: number;
  /** The `next` of the page before; holds for the same query. */
  readonly after?: string | null;
  /** Also records in the recycle bin. */
  readonly withDeleted?: boolean;
  /**
   * An instant, such as `2026-06-30T00:00:00Z`: records as they stood then. For temporal entities. Conditions, order,
   * includes and relative dates are of that moment too, where what they lead to is temporal; the rest is as it is now.
   */
  readonly asOf?: string;
}

/** A row with the relations that `include` names: the row itself where it names none, so that editors show its name. */
export type Including<Row, Related, I> = [I] extends [never] ? Row : Row & Pick<Related, I & keyof Related>;

/** The selected fields of a row, and the relations that `include` names. */
export type Selected<Row, Related, S, I> = [keyof Row] extends [S]
  ? Including<Row, Related, I>
  : Including<Pick<Row, S & keyof Row>, Related, I>;

export interface Page<T> {
  readonly items: T[];
  /** Cursor of the next page; null at the end. */
  readonly next: string | null;
}

export type GroupBy<Row> =
  | Names<Row>
  | `${Names<Row>}.currency`
  | {
      readonly field: Names<Row>;
      /** Keys: `2017-03-01T14`, `2017-03-01`, `2017-W09`, `2017-03`, `2017-Q1`, `2017`. */
      readonly bucket?: Bucket;
      /** IANA zone in which an instant's day begins. Default UTC. */
      readonly timeZone?: string;
      /** Name in the answer; default the field's. */
      readonly as?: string;
    };

export type Measure<Row, Related = unknown> = { readonly where?: Where<Row, Related> } & (
  | { readonly count: true }
  | { readonly countDistinct: Names<Row> }
  | { readonly sum: Names<Row> }
  | { readonly avg: Names<Row> }
  | { readonly min: Names<Row> }
  | { readonly max: Names<Row> }
);

type Measured = number | string | Money;

/** Money without a currency is of the app's. */
export type Having =
  | Measured
  | (Pick<Operators<Measured>, "gt" | "gte" | "lt" | "lte"> & {
      readonly eq?: Measured;
      readonly ne?: Measured;
    });

export interface AggregateQuery<Row, Related, M extends Readonly<Record<string, Measure<Row, Related>>>> {
  readonly where?: Where<Row, Related>;
  readonly groupBy?: readonly GroupBy<Row>[];
  readonly measures: M;
  /** Conditions on measures by their name, each compared with what it holds. A bare value means `eq`. */
  readonly having?: { readonly [K in keyof M]?: Having };
  /** Names of groups or measures, `-` in front for descending. */
  readonly orderBy?: readonly string[];
  /** 1 to 10,000 groups, default 1,000. */
  readonly limit?: number;
  /** As in `find`. */
  readonly asOf?: string;
}

type MeasureValue<Row, M> = M extends { readonly count: true }
  ? number
  : M extends { readonly countDistinct: string }
    ? number
    : M extends
          | { readonly sum: infer F }
          | { readonly avg: infer F }
          | { readonly min: infer F }
          | { readonly max: infer F }
      ? F extends keyof Row
        ? NonNullable<Row[F]> | null
        : never
      : never;

/** Groups under their names (text, number, boolean or null), measures under theirs. */
export type AggregateRow<Row, M> = { readonly [K in keyof M]: MeasureValue<Row, M[K]> } & {
  readonly [group: string]: unknown;
};
