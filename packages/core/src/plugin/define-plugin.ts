import type { TObject, TSchema } from "typebox";
import Type from "typebox";
import { checkOnce } from "../schema/checker.js";
import type { ValueOf } from "../schema/field.js";
import type { Plugin, PluginParts, PluginTypes } from "./plugin.js";
import { InvalidOptions } from "./plugin-errors.js";

type Part<P, K extends keyof PluginParts> = K extends keyof P ? NonNullable<P[K]> : Record<never, never>;

export interface PluginOptions<O extends TSchema, P extends PluginParts> {
  /** kebab-case, unique in an app. */
  readonly name: string;
  readonly version: string;
  /** Versions of core that it works with: `^0.1`. */
  readonly corm: string;
  readonly requires?: Readonly<Record<string, string>>;
  readonly optional?: Readonly<Record<string, string>>;
  /** What the app may configure; defaults are applied, unknown options refused. */
  readonly options?: O;
  /** Pure: it answers data and starts nothing. */
  readonly setup: (options: ValueOf<O>) => P;
}

/** Call it with the plugin's options to get the plugin. */
export interface PluginFactory<Types extends PluginTypes, Options> {
  (options?: Options): Plugin<Types>;
  readonly "~options"?: Options;
}

/** The plugin's types under a name: `export interface LeadsPlugin extends PluginOf<typeof plugin> {}`. */
export type PluginOf<F> = F extends PluginFactory<infer T, infer _O> ? T : never;
/** The plugin's options under a name: `export interface LeadsOptions extends OptionsOf<typeof plugin> {}`. */
export type OptionsOf<F> = F extends PluginFactory<infer _T, infer O> ? O : never;

/** Options as a caller writes them: what has a default may be left out. */
type OptionsInput<O extends TSchema> =
  O extends TObject<infer Properties>
    ? { readonly [K in keyof Properties]?: ValueOf<Properties[K]> }
    : Record<never, never>;

/**
 * Declares a plugin. `createCrm` orders plugins by `requires` and `optional`, composes their parts, and checks the
 * whole before anything runs.
 */
export function definePlugin<P extends PluginParts, O extends TSchema = TObject<Record<never, never>>>(
  definition: PluginOptions<O, P>,
): PluginFactory<
  {
    readonly entities: Part<P, "entities">;
    readonly extends: Part<P, "extends">;
    readonly actions: Part<P, "actions">;
  },
  OptionsInput<O>
> {
  const schema = strict(definition.options ?? Type.Object({}));
  return (given) => {
    const options = withDefaults(schema, given ?? {});
    const errors = checkOnce(schema, options);
    if (errors.length > 0) {
      throw InvalidOptions({
        plugin: definition.name,
        problems: errors.map((e) => `${e.instancePath || "/"} ${e.message}${unknownKeys(e.params)}`),
        allowed: Object.keys((schema as TObject).properties),
      });
    }
    return {
      name: definition.name,
      version: definition.version,
      corm: definition.corm,
      requires: definition.requires ?? {},
      optional: definition.optional ?? {},
      parts: definition.setup(options as ValueOf<O>),
    };
  };
}

/** TypeBox objects accept unknown properties unless told otherwise: a misspelt option must not be one. */
function strict(schema: TSchema, nested = false): TSchema {
  const { type, properties, additionalProperties } = schema as Partial<TObject> & {
    additionalProperties?: unknown;
  };
  // One that declares nothing is any object, such as a client that the app has made.
  if (type !== "object" || !properties || (nested && Object.keys(properties).length === 0)) return schema;
  const closed = Object.entries(properties).map(([name, property]) => [name, strict(property, true)]);
  return {
    ...schema,
    properties: Object.fromEntries(closed),
    additionalProperties: additionalProperties ?? false,
  } as TSchema;
}

function withDefaults(schema: TSchema, given: unknown): unknown {
  const { properties } = schema as Partial<TObject>;
  if (!properties || typeof given !== "object" || given === null || Array.isArray(given)) return given;
  const options: Record<string, unknown> = { ...given };
  for (const [name, property] of Object.entries(properties)) {
    const fallback = (property as { default?: unknown }).default;
    if (options[name] === undefined && fallback !== undefined) options[name] = structuredClone(fallback);
    if (options[name] === undefined) delete options[name];
    else options[name] = withDefaults(property, options[name]);
  }
  return options;
}

function unknownKeys(params: object): string {
  const names = (params as { additionalProperties?: readonly string[] }).additionalProperties;
  return names ? ` (${names.join(", ")})` : "";
}
