import { type Context, defineService } from "@corm/core";
import { type DeclaredMaps, type Mapping, mappingOf } from "./mapping.js";

export interface ConversionSettings {
  mapping(ctx: Context): Mapping;
  /** Days in which a conversion can be undone. */
  readonly unconvertDays: number;
}

export const conversionSettings = defineService<ConversionSettings>("leads.conversionSettings");

/** Which fields go where does not change while an app runs: it is found out once per app. */
export function createConversionSettings(declared: DeclaredMaps, unconvertDays: number): ConversionSettings {
  const known = new WeakMap<object, Mapping>();
  return {
    unconvertDays,
    mapping(ctx) {
      const { catalog } = ctx;
      let mapping = known.get(catalog);
      if (!mapping) {
        mapping = mappingOf(ctx, declared);
        known.set(catalog, mapping);
      }
      return mapping;
    },
  };
}
