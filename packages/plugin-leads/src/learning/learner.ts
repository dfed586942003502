import type { Encoder, Matrix } from "./encode.js";
import type { Pace } from "./pace.js";

/** A trained model without its encoder; JSON. */
export type Fitted = LinearFit | BoostedFit;

export interface LinearFit {
  readonly learner: "logistic";
  readonly intercept: number;
  /** Of the standardised columns. */
  readonly weights: readonly number[];
}

/** Nodes in arrays: `feature` -1 is a leaf; a row goes left where its value is at most `threshold`. */
export interface Tree {
  readonly feature: readonly number[];
  readonly threshold: readonly number[];
  readonly left: readonly number[];
  readonly right: readonly number[];
  /** What the tree would say if it ended here. */
  readonly value: readonly number[];
}

export interface BoostedFit {
  readonly learner: "boosting";
  readonly base: number;
  readonly trees: readonly Tree[];
}

export interface TrainingSet {
  readonly matrix: Matrix;
  readonly encoder: Encoder;
  /** 1 for won, 0 for lost. */
  readonly outcomes: Uint8Array;
}

export interface Learner {
  readonly name: Fitted["learner"];
  train(set: TrainingSet, pace: Pace): Promise<Fitted>;
}

export const sigmoid = (logOdds: number): number =>
  logOdds >= 0 ? 1 / (1 + Math.exp(-logOdds)) : Math.exp(logOdds) / (1 + Math.exp(logOdds));
