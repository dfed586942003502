import type { Liquid, Template } from "liquidjs";
import { bounded } from "./bounded.js";

/** What a template may use up. A message that needs more is a mistake or an attack. */
const LIMITS = { parseLimit: 250_000, renderLimit: 250, memoryLimit: 5_000_000 };
const REMOVED_TAGS = ["include", "render", "layout", "block"];
const CACHED = 200;

/** How output is written: escaped into HTML, or as it is into plain text. */
export type OutputForm = "html" | "text";

/** Liquid without files, prototypes and blanks. Made on first use: apps that send nothing never load it. */
export interface TemplateEngine {
  /** @throws liquidjs' own errors, with the position */
  parse(source: string, form: OutputForm): Template[];
  /** @throws the same, and "render limit exceeded" where it takes more than 40 ms */
  render(source: string, form: OutputForm, scope: object): string;
  /** Names of the variables that a template takes from outside, with their paths: `contact.firstName`. */
  variables(source: string): string[];
}

let engine: Promise<TemplateEngine> | undefined;

export function templateEngine(): Promise<TemplateEngine> {
  engine ??= import("liquidjs").then((liquidjs) => createEngine(liquidjs.Liquid));
  return engine;
}

function createEngine(Engine: typeof Liquid): TemplateEngine {
  const forms: Record<OutputForm, Liquid> = { html: hardened(Engine, true), text: hardened(Engine, false) };
  const parsed = new Map<string, Template[]>();
  const parse = (source: string, form: OutputForm): Template[] => {
    const key = `${form}:${source}`;
    let template = parsed.get(key);
    if (!template) {
      template = forms[form].parse(source);
      const [oldest] = parsed.keys();
      if (parsed.size >= CACHED && oldest !== undefined) parsed.delete(oldest);
      parsed.set(key, template);
    }
    return template;
  };
  return {
    parse,
    render(source, form, scope) {
      const template = parse(source, form);
      return bounded(() => String(forms[form].renderSync(template, scope)));
    },
    variables: (source) => forms.text.globalFullVariablesSync(parse(source, "text")),
  };
}

function hardened(Engine: typeof Liquid, escaping: boolean): Liquid {
  const liquid = new Engine({
    ...LIMITS,
    ownPropertyOnly: true,
    strictFilters: true,
    strictVariables: true,
    // `default` and `if` may ask for what is not there; printing it is an error.
    lenientIf: true,
    templates: {},
    ...(escaping ? { outputEscape: "escape" as const } : {}),
  });
  for (const tag of REMOVED_TAGS) delete liquid.tags[tag];
  // The built-in one switches escaping off.
  liquid.registerFilter("raw", (value: unknown) => value);
  return liquid;
}
