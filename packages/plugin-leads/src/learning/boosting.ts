import type { Matrix } from "./encode.js";
import { type BoostedFit, type Learner, sigmoid, type Tree } from "./learner.js";
import type { Pace } from "./pace.js";
import { seededNumbers } from "./random.js";

export interface BoostingOptions {
  readonly rounds: number;
  readonly rate: number;
  readonly leaves: number;
  /** Rows that a leaf has at least. */
  readonly minLeaf: number;
  /** Pulls what leaves say towards nothing. */
  readonly lambda: number;
  /** Share of rows and of columns that a tree sees. */
  readonly rowShare: number;
  readonly columnShare: number;
  readonly seed: number;
}

const DEFAULTS: BoostingOptions = {
  rounds: 160,
  rate: 0.06,
  leaves: 16,
  minLeaf: 20,
  lambda: 1,
  rowShare: 0.8,
  columnShare: 0.6,
  seed: 1,
};
const MAX_BINS = 128;

/**
 * Gradient boosting of trees for the log-loss (Friedman 2001), on histograms of binned columns, trees grown leaf by leaf
 * where most is won, every tree on a random part of rows and columns.
 */
export const boosting = (options: Partial<BoostingOptions> = {}): Learner => ({
  name: "boosting",
  async train({ matrix, outcomes }, pace): Promise<BoostedFit> {
    const settings = { ...DEFAULTS, ...options };
    const random = seededNumbers(settings.seed);
    const binned = await bin(matrix, pace);
    const n = outcomes.length;
    const won = outcomes.reduce((sum, y) => sum + y, 0);
    const base = Math.log((won + 1) / (n - won + 1));
    const logOdds = new Float64Array(n).fill(base);
    const gradient = new Float64Array(n);
    const hessian = new Float64Array(n);
    const trees: Tree[] = [];
    for (let round = 0; round < settings.rounds; round++) {
      for (let i = 0; i < n; i++) {
        const p = sigmoid(logOdds[i] as number);
        gradient[i] = (outcomes[i] as number) - p;
        hessian[i] = Math.max(p * (1 - p), 1e-9);
      }
      const rows = Int32Array.from({ length: n }, (_, i) => i).filter(() => random() < settings.rowShare);
      const columns = binned.map((_, j) => j).filter(() => random() < settings.columnShare);
      const tree = await grow(new Grower(binned, gradient, hessian, columns, settings), rows, pace);
      if (tree.feature.length === 1) continue;
      trees.push(tree);
      for (let i = 0; i < n; i++) logOdds[i] = (logOdds[i] as number) + valueAt(tree, matrix, i);
      if (pace.due()) await pace.rest();
    }
    return { learner: "boosting", base, trees };
  },
});

interface Binned {
  readonly bins: Uint8Array;
  /** The greatest value of each bin but the last. */
  readonly edges: readonly number[];
}

async function bin({ columns }: Matrix, pace: Pace): Promise<Binned[]> {
  const binned: Binned[] = [];
  for (const column of columns) {
    const sorted = Float64Array.from(column).sort();
    const edges: number[] = [];
    for (let k = 1; k < MAX_BINS; k++) {
      const edge = sorted[Math.floor((k * sorted.length) / MAX_BINS)] as number;
      if (edge !== edges.at(-1) && edge < (sorted.at(-1) as number)) edges.push(edge);
    }
    // A level that is rarer than a bin would fall between two edges.
    if (edges.length === 0 && (sorted[0] as number) < (sorted.at(-1) as number))
      edges.push(sorted[0] as number);
    binned.push({ edges, bins: Uint8Array.from(column, (value) => binOf(value, edges)) });
    if (pace.due()) await pace.rest();
  }
  return binned;
}

function binOf(value: number, edges: readonly number[]): number {
  let [low, high] = [0, edges.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (value <= (edges[middle] as number)) high = middle;
    else low = middle + 1;
  }
  return low;
}

interface Split {
  readonly gain: number;
  readonly column: number;
  readonly bin: number;
}

interface Leaf {
  readonly node: number;
  readonly rows: Int32Array;
  readonly histogram: Float64Array;
  readonly split: Split | null;
}

/** Grows one tree. */
class Grower {
  readonly #binned: readonly Binned[];
  readonly #gradient: Float64Array;
  readonly #hessian: Float64Array;
  readonly #columns: readonly number[];
  readonly #offsets: readonly number[];
  readonly #width: number;
  readonly settings: BoostingOptions;
  readonly tree = {
    feature: [] as number[],
    threshold: [] as number[],
    left: [] as number[],
    right: [] as number[],
    value: [] as number[],
  };

  constructor(
    binned: readonly Binned[],
    gradient: Float64Array,
    hessian: Float64Array,
    columns: readonly number[],
    settings: BoostingOptions,
  ) {
    this.#binned = binned;
    this.#gradient = gradient;
    this.#hessian = hessian;
    this.#columns = columns;
    this.settings = settings;
    let width = 0;
    this.#offsets = columns.map((j) => {
      const offset = width;
      width += ((binned[j] as Binned).edges.length + 1) * 3;
      return offset;
    });
    this.#width = width;
  }

  /** Sums of gradient, hessian and rows, per column and bin. */
  async histogram(rows: Int32Array, pace: Pace): Promise<Float64Array> {
    const sums = new Float64Array(this.#width);
    for (const [c, j] of this.#columns.entries()) {
      const { bins } = this.#binned[j] as Binned;
      const offset = this.#offsets[c] as number;
      for (const i of rows) {
        const at = offset + (bins[i] as number) * 3;
        sums[at] = (sums[at] as number) + (this.#gradient[i] as number);
        sums[at + 1] = (sums[at + 1] as number) + (this.#hessian[i] as number);
        sums[at + 2] = (sums[at + 2] as number) + 1;
      }
      if (pace.due()) await pace.rest();
    }
    return sums;
  }

  addLeaf(rows: Int32Array, histogram: Float64Array): Leaf {
    const { tree, settings } = this;
    let [g, h] = [0, 0];
    for (const i of rows) {
      g += this.#gradient[i] as number;
      h += this.#hessian[i] as number;
    }
    const node = tree.feature.length;
    tree.feature.push(-1);
    tree.threshold.push(0);
    tree.left.push(-1);
    tree.right.push(-1);
    tree.value.push((settings.rate * g) / (h + settings.lambda));
    const split = rows.length < 2 * settings.minLeaf ? null : this.#bestSplit(histogram, g, h, rows.length);
    return { node, rows, histogram, split };
  }

  #bestSplit(histogram: Float64Array, g: number, h: number, n: number): Split | null {
    const { lambda, minLeaf } = this.settings;
    const whole = g ** 2 / (h + lambda);
    let best: Split | null = null;
    for (const [c, j] of this.#columns.entries()) {
      const { edges } = this.#binned[j] as Binned;
      let [gl, hl, nl] = [0, 0, 0];
      for (let bin = 0; bin < edges.length; bin++) {
        const at = (this.#offsets[c] as number) + bin * 3;
        gl += histogram[at] as number;
        hl += histogram[at + 1] as number;
        nl += histogram[at + 2] as number;
        if (nl < minLeaf) continue;
        if (n - nl < minLeaf) break;
        const gain = gl ** 2 / (hl + lambda) + (g - gl) ** 2 / (h - hl + lambda) - whole;
        if (gain > (best?.gain ?? 1e-6)) best = { gain, column: j, bin };
      }
    }
    return best;
  }

  /** Splits a leaf; of the two histograms only the smaller one is counted. */
  async split(leaf: Leaf, pace: Pace): Promise<[Leaf, Leaf]> {
    const { column, bin } = leaf.split as Split;
    const { bins, edges } = this.#binned[column] as Binned;
    const left = leaf.rows.filter((i) => (bins[i] as number) <= bin);
    const right = leaf.rows.filter((i) => (bins[i] as number) > bin);
    const smaller = await this.histogram(left.length <= right.length ? left : right, pace);
    const rest = leaf.histogram.map((sum, at) => sum - (smaller[at] as number));
    const [a, b] = left.length <= right.length ? [smaller, rest] : [rest, smaller];
    const two: [Leaf, Leaf] = [this.addLeaf(left, a), this.addLeaf(right, b)];
    const { tree } = this;
    tree.feature[leaf.node] = column;
    tree.threshold[leaf.node] = edges[bin] as number;
    tree.left[leaf.node] = two[0].node;
    tree.right[leaf.node] = two[1].node;
    return two;
  }
}

async function grow(grower: Grower, rows: Int32Array, pace: Pace): Promise<Tree> {
  const leaves = [grower.addLeaf(rows, await grower.histogram(rows, pace))];
  while (leaves.length < grower.settings.leaves) {
    let best = -1;
    for (const [at, { split }] of leaves.entries())
      if (split && split.gain > (leaves[best]?.split?.gain ?? 0)) best = at;
    if (best < 0) break;
    const [leaf] = leaves.splice(best, 1);
    leaves.push(...(await grower.split(leaf as Leaf, pace)));
  }
  return grower.tree;
}

function valueAt(tree: Tree, { columns }: Matrix, row: number): number {
  let node = 0;
  while ((tree.feature[node] as number) >= 0) {
    const value = (columns[tree.feature[node] as number] as Float64Array)[row] as number;
    node = (value <= (tree.threshold[node] as number) ? tree.left : tree.right)[node] as number;
  }
  return tree.value[node] as number;
}
