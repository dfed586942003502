/** What can be chosen for a bundle, and the rules of it. */
export interface BundleModel {
  /** How many different options of each group are chosen. */
  readonly groups: readonly { readonly name: string; readonly min: number; readonly max: number }[];
  /** In the order in which they are offered. */
  readonly options: readonly OptionModel[];
}

export interface OptionModel {
  readonly key: string;
  readonly group: string | null;
  readonly required: boolean;
  readonly minQuantity: number;
  readonly maxQuantity: number;
  readonly requires: readonly OptionRule[];
  readonly excludes: readonly OptionRule[];
}

export interface OptionRule {
  readonly name: string;
  /** Key of the other option. */
  readonly option: string;
}

/** Quantities by the keys of options; 0 says that it is not to be there. */
export type Selection = Readonly<Record<string, number>>;

/** A rule that a configuration breaks, by its name, in words. */
export interface Violation {
  readonly rule: string;
  readonly message: string;
}

/** Every rule that a selection breaks; none where it can be sold as it is. Pure. */
export function violationsOf(model: BundleModel, selection: Selection): Violation[] {
  const found: Violation[] = [];
  const options = new Map(model.options.map((option) => [option.key, option]));
  const chosen = (key: string) => (selection[key] ?? 0) > 0;
  for (const [key, quantity] of Object.entries(selection)) {
    const option = options.get(key);
    if (!option) found.push(unknownOption(key, options.keys()));
    else if (quantity !== 0 && !fits(option, quantity)) found.push(quantityRule(option, quantity));
  }
  for (const option of model.options) {
    if (option.required && !chosen(option.key)) found.push(requiredRule(option));
    if (!chosen(option.key)) continue;
    for (const rule of option.requires) if (!chosen(rule.option)) found.push(requires(option, rule));
    for (const rule of option.excludes) if (chosen(rule.option)) found.push(excludes(option, rule));
  }
  for (const group of model.groups) {
    const count = model.options.filter((option) => option.group === group.name && chosen(option.key)).length;
    if (count < group.min || count > group.max) found.push(groupRule(group, count));
  }
  return found;
}

export const fits = ({ minQuantity, maxQuantity }: OptionModel, quantity: number): boolean =>
  Number.isInteger(quantity) && quantity >= minQuantity && quantity <= maxQuantity;

export const unknownOption = (key: string, known: Iterable<string>): Violation => ({
  rule: "unknown option",
  message: `"${key}" is not an option of this product, which has ${[...known].join(", ") || "none"}`,
});

export const quantityRule = (
  { key, minQuantity, maxQuantity }: OptionModel,
  quantity: number,
): Violation => ({
  rule: `quantity of ${key}`,
  message: `"${key}" is chosen ${quantity} times, and takes ${minQuantity} to ${maxQuantity}`,
});

export const requiredRule = ({ key }: OptionModel): Violation => ({
  rule: `${key} is required`,
  message: `"${key}" belongs to every configuration`,
});

export const requires = ({ key }: OptionModel, { name, option }: OptionRule): Violation => ({
  rule: name,
  message: `"${key}" requires "${option}"`,
});

export const excludes = ({ key }: OptionModel, { name, option }: OptionRule): Violation => ({
  rule: name,
  message: `"${key}" excludes "${option}"`,
});

export const groupRule = ({ name, min, max }: BundleModel["groups"][number], count: number): Violation => ({
  rule: name,
  message: `${count} of "${name}" ${count === 1 ? "is" : "are"} chosen, and it takes ${min === max ? `exactly ${min}` : `${min} to ${max}`}`,
});
