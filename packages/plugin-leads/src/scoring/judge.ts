import type { GradeReason, LeadScore, ScoreItem } from "../entities/lead-score.js";
import { MAX_RULE_POINTS, type ScoringModel, type Threshold } from "../entities/scoring-model.js";

export type Rules = Pick<ScoringModel, "fit" | "behaviour" | "profile" | "grades" | "thresholds">;

/** What is known of one lead, by rule. */
export interface Facts {
  /** Keys of the fit rules that it satisfies. */
  readonly fit: ReadonlySet<string>;
  /** By key of the behaviour rule. */
  readonly behaviour: ReadonlyMap<string, { readonly count: number; readonly weight: number }>;
  /** Keys of the criteria of the profile that it meets. */
  readonly profile: ReadonlySet<string>;
}

export interface Judgement {
  readonly score: number;
  readonly fit: number;
  readonly behaviour: number;
  /** Rules that give or take something; in the order of the model. */
  readonly items: ScoreItem[];
  readonly grade: LeadScore["grade"];
  readonly reasons: GradeReason[];
}

const DAY_MS = 86_400_000;

/** What an event of `age` milliseconds counts for: 1 when it happens, half after each half-life. */
export function decay(age: number, halfLifeDays: number): number {
  return 0.5 ** (Math.max(age, 0) / (halfLifeDays * DAY_MS));
}

/** The score that facts give by the rules. Pure: the same facts give the same score at any time. */
export function judge(rules: Rules, facts: Facts): Judgement {
  const items: ScoreItem[] = [];
  for (const { key, points } of rules.fit) {
    if (facts.fit.has(key) && points !== 0) items.push({ rule: key, part: "fit", points, count: 1 });
  }
  for (const { key, points, cap = MAX_RULE_POINTS } of rules.behaviour) {
    const { count = 0, weight = 0 } = facts.behaviour.get(key) ?? {};
    const given = Math.max(-cap, Math.min(cap, roundHalfUp(points * weight)));
    if (given !== 0) items.push({ rule: key, part: "behaviour", points: given, count });
  }
  const sum = (part: ScoreItem["part"]) =>
    items.reduce((total, item) => (item.part === part ? total + item.points : total), 0);
  const [fit, behaviour] = [sum("fit"), sum("behaviour")];
  return { score: fit + behaviour, fit, behaviour, items, ...gradeOf(rules, facts.profile) };
}

/** Towards the greater, and never the zero that is less than zero. */
const roundHalfUp = (value: number): number => Math.round(value) + 0;

function gradeOf(
  { profile, grades }: Pick<Rules, "profile" | "grades">,
  met: ReadonlySet<string>,
): Pick<Judgement, "grade" | "reasons"> {
  if (profile.length === 0) return { grade: null, reasons: [] };
  const reasons = profile.map(({ key, weight }) => ({ criterion: key, weight, met: met.has(key) }));
  const total = reasons.reduce((sum, { weight }) => sum + weight, 0);
  const reached = reasons.reduce((sum, one) => sum + (one.met ? one.weight : 0), 0);
  // In whole weights: 0.6 of 10 is 6, whatever the binary fraction of 0.6 is.
  const from = (share: number) => reached + 1e-9 >= share * total;
  const grade = from(grades.A) ? "A" : from(grades.B) ? "B" : from(grades.C) ? "C" : "D";
  return { grade, reasons };
}

export interface Crossing {
  readonly threshold: string;
  readonly at: number;
  readonly direction: "up" | "down";
}

/** The thresholds between two scores, in the order in which they are crossed. One is reached at its own value. */
export function crossings(thresholds: readonly Threshold[], before: number, now: number): Crossing[] {
  const direction = now > before ? "up" : "down";
  const [low, high] = [Math.min(before, now), Math.max(before, now)];
  return thresholds
    .filter(({ at }) => low < at && at <= high)
    .sort((a, b) => (direction === "up" ? a.at - b.at : b.at - a.at))
    .map(({ key, at }) => ({ threshold: key, at, direction }));
}

/** What has changed between two lists of items, by rule: its sum is the difference of the scores. */
export function changesOf(
  before: readonly ScoreItem[],
  now: readonly ScoreItem[],
): {
  readonly rule: string;
  readonly part: ScoreItem["part"];
  readonly delta: number;
  readonly points: number;
}[] {
  const id = ({ part, rule }: ScoreItem) => `${part}/${rule}`;
  const old = new Map(before.map((item) => [id(item), item]));
  const changes = now.map((item) => {
    const delta = item.points - (old.get(id(item))?.points ?? 0);
    old.delete(id(item));
    return { rule: item.rule, part: item.part, delta, points: item.points };
  });
  const gone = [...old.values()].map(({ rule, part, points }) => ({ rule, part, delta: -points, points: 0 }));
  return [...changes, ...gone].filter(({ delta }) => delta !== 0);
}
