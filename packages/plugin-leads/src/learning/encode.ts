export type Value = string | number | boolean | null;
export type Sample = Readonly<Record<string, Value | undefined>>;

export interface Column {
  readonly name: string;
  readonly kind: "number" | "category";
}

/** One column of the matrix, and which field it comes from. */
export type Feature = { readonly field: string } & (
  | { readonly kind: "number"; readonly median: number; readonly mean: number; readonly deviation: number }
  | {
      readonly kind: "missing" | "level" | "other";
      readonly level?: string;
      readonly mean: number;
      readonly deviation: number;
    }
);

/** How samples become numbers; JSON. */
export interface Encoder {
  readonly features: readonly Feature[];
  /** Levels that have a column of their own, by field. */
  readonly levels: Readonly<Record<string, readonly string[]>>;
}

/** A level that occurs less often has no column of its own. */
const RARE = 10;
const MAX_LEVELS = 50;
const MISSING = "(none)";

const numberOf = (value: Value | undefined): number | null =>
  typeof value === "number" && Number.isFinite(value)
    ? value
    : typeof value === "boolean"
      ? Number(value)
      : null;
const levelOf = (value: Value | undefined): string =>
  value === null || value === undefined || value === "" ? MISSING : String(value).toLowerCase();

/**
 * Numbers: the median where there is none, and a column that says so. Categories: a column per level, "none" among them;
 * what is seen less than ten times has one together.
 */
export function fitEncoder(samples: readonly Sample[], columns: readonly Column[]): Encoder {
  const features: Feature[] = [];
  const levels: Record<string, string[]> = {};
  for (const { name: field, kind } of columns) {
    if (kind === "number") features.push(...numberFeatures(samples, field));
    else {
      levels[field] = commonLevels(samples, field);
      const blank = { field, mean: 0, deviation: 1 };
      features.push(...levels[field].map((level): Feature => ({ ...blank, kind: "level", level })));
      features.push({ ...blank, kind: "other" });
    }
  }
  return { features: withMoments(samples, { features, levels }), levels };
}

function numberFeatures(samples: readonly Sample[], field: string): Feature[] {
  const values = samples.map((sample) => numberOf(sample[field])).filter((value) => value !== null);
  const median = values.sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
  const blank = { field, mean: 0, deviation: 1 };
  return [
    { ...blank, kind: "number", median },
    { ...blank, kind: "missing" },
  ];
}

function commonLevels(samples: readonly Sample[], field: string): string[] {
  const counts = new Map<string, number>();
  for (const sample of samples) {
    const level = levelOf(sample[field]);
    counts.set(level, (counts.get(level) ?? 0) + 1);
  }
  return [...counts]
    .filter(([, count]) => count >= RARE)
    .sort(([a, n], [b, m]) => m - n || (a < b ? -1 : 1))
    .slice(0, MAX_LEVELS)
    .map(([level]) => level);
}

/** Mean and deviation of every column, by which linear models compare columns. Columns that never vary are left out. */
function withMoments(samples: readonly Sample[], encoder: Encoder): Feature[] {
  const { columns } = encodeAll(samples, encoder);
  return encoder.features.flatMap((feature, j) => {
    const column = columns[j] as Float64Array;
    const mean = column.reduce((sum, value) => sum + value, 0) / (column.length || 1);
    const variance = column.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (column.length || 1);
    return variance < 1e-12 ? [] : [{ ...feature, mean, deviation: Math.sqrt(variance) }];
  });
}

export interface Matrix {
  readonly rows: number;
  /** One array per feature. */
  readonly columns: readonly Float64Array[];
}

export function encodeAll(samples: readonly Sample[], encoder: Encoder): Matrix {
  const columns = encoder.features.map((feature) => {
    const column = new Float64Array(samples.length);
    const own = new Set(encoder.levels[feature.field]);
    samples.forEach((sample, i) => {
      column[i] = encodeOne(sample[feature.field], feature, own);
    });
    return column;
  });
  return { rows: samples.length, columns };
}

function encodeOne(value: Value | undefined, feature: Feature, own: ReadonlySet<string>): number {
  switch (feature.kind) {
    case "number":
      return numberOf(value) ?? feature.median;
    case "missing":
      return numberOf(value) === null ? 1 : 0;
    case "level":
      return levelOf(value) === feature.level ? 1 : 0;
    default:
      return own.has(levelOf(value)) ? 0 : 1;
  }
}
