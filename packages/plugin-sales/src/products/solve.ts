import {
  type BundleModel,
  excludes,
  fits,
  groupRule,
  type OptionModel,
  quantityRule,
  requiredRule,
  requires,
  type Selection,
  unknownOption,
  type Violation,
} from "./configuration.js";

/** What a selection comes to when its rules are followed. */
export type Solution =
  | {
      readonly possible: true;
      readonly selection: Readonly<Record<string, number>>;
      /** What had to be added, and by which rule. */
      readonly added: readonly { readonly option: string; readonly rule: string }[];
    }
  | {
      readonly possible: false;
      /** Rules that cannot all be kept together with what was chosen. */
      readonly conflict: readonly Violation[];
    };

/** Branches that are tried at most. Beyond that nobody could follow the rules either. */
const MAX_BRANCHES = 10_000;

interface Fact {
  readonly chosen: boolean;
  /** Why; null where the caller said so himself. */
  readonly rule: Violation | null;
  /** Options from which it follows. */
  readonly because: readonly string[];
}

type Facts = ReadonlyMap<string, Fact>;
type Conflict = ReadonlyMap<string, Violation>;
type Outcome = { readonly facts: Facts } | { readonly conflict: Conflict };

/**
 * Completes a selection by what its rules ask for, or says which rules stand against it. Options with quantity 0 are kept
 * out. Where a group leaves a choice, the first option that works is taken. Pure.
 *
 * @returns undefined where the rules are too entangled to be followed in 10,000 attempts
 */
export function solve(model: BundleModel, wanted: Selection): Solution | undefined {
  const options = new Map(model.options.map((option) => [option.key, option]));
  const facts = new Map<string, Fact>();
  const wrong: Violation[] = [];
  for (const [key, quantity] of Object.entries(wanted)) {
    const option = options.get(key);
    if (!option) wrong.push(unknownOption(key, options.keys()));
    else if (quantity !== 0 && !fits(option, quantity)) wrong.push(quantityRule(option, quantity));
    else facts.set(key, { chosen: quantity !== 0, rule: null, because: [] });
  }
  if (wrong.length > 0) return { possible: false, conflict: wrong };
  const search = { model, options, branches: 0 };
  const outcome = settle(search, facts);
  if (outcome === undefined) return undefined;
  if ("conflict" in outcome) return { possible: false, conflict: [...outcome.conflict.values()] };
  const chosen = model.options.filter(({ key }) => outcome.facts.get(key)?.chosen);
  return {
    possible: true,
    selection: Object.fromEntries(
      chosen.map((option) => [option.key, wanted[option.key] ?? option.minQuantity]),
    ),
    added: chosen.flatMap(({ key }) => {
      const { rule } = outcome.facts.get(key) as Fact;
      return rule ? [{ option: key, rule: rule.rule }] : [];
    }),
  };
}

interface Search {
  readonly model: BundleModel;
  readonly options: ReadonlyMap<string, OptionModel>;
  branches: number;
}

/** Follows the rules, and where a group still needs somebody, tries its options one after another. */
function settle(search: Search, given: Facts): Outcome | undefined {
  const facts = new Map(given);
  const conflict = propagate(search, facts);
  if (conflict) return { conflict };
  for (const group of search.model.groups) {
    const members = search.model.options.filter((option) => option.group === group.name);
    const count = members.filter(({ key }) => facts.get(key)?.chosen).length;
    if (count >= group.min) continue;
    const rule = groupRule(group, count);
    const against = new Map<string, Violation>();
    for (const { key } of members.filter((member) => !facts.has(member.key))) {
      search.branches += 1;
      if (search.branches > MAX_BRANCHES) return undefined;
      const tried = settle(search, new Map(facts).set(key, { chosen: true, rule, because: [] }));
      if (tried === undefined || "facts" in tried) return tried;
      for (const [name, violation] of tried.conflict) against.set(name, violation);
    }
    against.set(rule.message, rule);
    // What kept the other members out has its part in it.
    for (const { key } of members) if (facts.get(key)?.chosen === false) blame(facts, key, against);
    return { conflict: against };
  }
  return { facts };
}

/** Draws every conclusion that the rules allow. Answers the rules that contradict one another, where some do. */
function propagate({ model, options }: Search, facts: Map<string, Fact>): Conflict | undefined {
  let moved = true;
  let conflict: Map<string, Violation> | undefined;
  const conclude = (key: string, fact: Fact): void => {
    const known = facts.get(key);
    if (conflict || known?.chosen === fact.chosen || !options.has(key)) {
      // A rule that names an option which is not there cannot be kept.
      if (!options.has(key) && fact.chosen && !conflict) conflict = blamed(facts, fact);
      return;
    }
    if (known) {
      conflict = blamed(facts, fact);
      blame(facts, key, conflict);
      return;
    }
    facts.set(key, fact);
    moved = true;
  };
  while (moved && !conflict) {
    moved = false;
    for (const option of model.options) {
      const { key } = option;
      if (option.required) conclude(key, { chosen: true, rule: requiredRule(option), because: [] });
      for (const rule of option.requires) {
        const violation = requires(option, rule);
        if (facts.get(key)?.chosen) conclude(rule.option, { chosen: true, rule: violation, because: [key] });
        if (facts.get(rule.option)?.chosen === false)
          conclude(key, { chosen: false, rule: violation, because: [rule.option] });
      }
      for (const rule of option.excludes) {
        const violation = excludes(option, rule);
        if (facts.get(key)?.chosen) conclude(rule.option, { chosen: false, rule: violation, because: [key] });
        if (facts.get(rule.option)?.chosen)
          conclude(key, { chosen: false, rule: violation, because: [rule.option] });
      }
    }
    for (const group of model.groups) {
      const members = model.options.filter((option) => option.group === group.name).map(({ key }) => key);
      const chosen = members.filter((key) => facts.get(key)?.chosen);
      const open = members.filter((key) => !facts.has(key));
      const out = members.filter((key) => facts.get(key)?.chosen === false);
      const rule = groupRule(group, chosen.length);
      if (chosen.length > group.max) return blamed(facts, { chosen: true, rule, because: chosen });
      if (chosen.length + open.length < group.min) return blamed(facts, { chosen: true, rule, because: out });
      if (chosen.length === group.max)
        for (const key of open) conclude(key, { chosen: false, rule, because: chosen });
      else if (chosen.length + open.length === group.min)
        for (const key of open) conclude(key, { chosen: true, rule, because: out });
    }
  }
  return conflict;
}

function blamed(facts: Facts, fact: Fact): Map<string, Violation> {
  const found = new Map<string, Violation>();
  if (fact.rule) found.set(fact.rule.message, fact.rule);
  for (const key of fact.because) blame(facts, key, found);
  return found;
}

/** All rules from which it follows that an option is chosen, or is not. */
function blame(facts: Facts, key: string, found: Map<string, Violation>, seen = new Set<string>()): void {
  const fact = facts.get(key);
  if (!fact || seen.has(key)) return;
  seen.add(key);
  if (fact.rule) found.set(fact.rule.message, fact.rule);
  for (const other of fact.because) blame(facts, other, found, seen);
}
