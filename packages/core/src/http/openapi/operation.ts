/** A JSON Schema (2020-12), as OpenAPI 3.1 embeds it. */
export type JsonSchema = Readonly<Record<string, unknown>>;

export interface Parameter {
  readonly name: string;
  readonly in: "query" | "header" | "path";
  readonly required?: boolean;
  readonly description?: string;
  readonly schema: JsonSchema;
  readonly style?: string;
  readonly explode?: boolean;
  readonly example?: unknown;
}

export interface BodyDoc {
  readonly required: boolean;
  /** The same schema in each media type. */
  readonly types: readonly string[];
  readonly schema: JsonSchema;
  readonly example?: unknown;
}

export interface ResponseDoc {
  readonly description: string;
  /** Media type, or the several that it may have; default JSON. */
  readonly type?: string | readonly string[];
  readonly schema?: JsonSchema;
  readonly headers?: Readonly<Record<string, { readonly description: string; readonly schema: JsonSchema }>>;
}

/** What OpenAPI says about a route besides its path and method. */
export interface Operation {
  /** Unique: `lead.convert`, as `crm.explain` calls it. */
  readonly id: string;
  /** Groups operations: an entity or a plugin. */
  readonly tag: string;
  readonly summary: string;
  readonly description?: string;
  readonly parameters?: readonly Parameter[];
  readonly body?: BodyDoc;
  /** Answers by status, apart from problem documents like any other. */
  readonly responses: Readonly<Partial<Record<number | "2XX", ResponseDoc>>>;
  /** Statuses of errors worth naming; any other error is a problem document all the same. */
  readonly errors: readonly number[];
}
