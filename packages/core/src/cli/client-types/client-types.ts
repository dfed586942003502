import type { ActionShape, ApiShape, EntityShape } from "./api-shape.js";
import { byName, objectType, schemaType, type TypeStyle } from "./schema-type.js";
import { docComment, quoted, typeNames } from "./source-text.js";

/** The interfaces of one entity. */
interface Named {
  readonly entity: EntityShape;
  readonly row: string;
  readonly input: string;
  readonly related: string;
}

const REFERENCE = "#/components/schemas/";

/**
 * The types of an API as TypeScript: `interface App` for `createClient<App>`. The same API gives the same text, in
 * whatever order its plugins are listed.
 *
 * @param withPaths also `paths`, a value for the option of `createClient` of that name: not for `.d.ts` files
 */
export function clientTypes({ entities, actions }: ApiShape, withPaths = false): string {
  const nameFor = typeNames(["App", "Money"]);
  const named = entities.toSorted(byName).map((entity): Named => {
    const { component } = entity;
    return {
      entity,
      row: nameFor(component),
      input: nameFor(`${component}Input`),
      related: nameFor(`${component}Related`),
    };
  });
  const references = new Map([
    [`${REFERENCE}Corm.Money`, "Money"],
    ...named.map(({ entity, row }) => [`${REFERENCE}${entity.component}`, row] as const),
  ]);
  const nameOf = (reference: string) => references.get(reference);
  const read: TypeStyle = { modifier: "readonly ", nameOf };
  const written: TypeStyle = { modifier: "", nameOf };
  return [
    "// Made by `corm client types`. Do not change: make it again.",
    "",
    "/** An exact amount: decimal text with the decimals of the currency. */",
    'export interface Money {\n  readonly "amount": string;\n  readonly "currency": string;\n}',
    ...named.flatMap(({ entity, ...names }) => [
      "",
      ...docComment(entity.label),
      `export interface ${names.row} ${objectType(entity.row, read)}`,
      `export interface ${names.input} ${objectType(entity.input, written)}`,
      `export interface ${names.related} ${objectType(entity.related, read)}`,
    ]),
    "",
    "/** For `createClient<App>`. */",
    "export interface App {",
    '  readonly "~app"?: {',
    "    readonly entities: {",
    ...named.flatMap((each) => entityLines(each, written)),
    "    };",
    "    readonly actions: {",
    ...actions.toSorted(byName).flatMap((action) => actionLines(action, written, 3, false)),
    "    };",
    "  };",
    "}",
    ...(withPaths ? ["", ...pathLines(entities)] : []),
  ].join("\n");
}

function entityLines({ entity, row, input, related }: Named, style: TypeStyle): string[] {
  return [
    `      readonly ${quoted(entity.name)}: {`,
    `        readonly row: ${row};`,
    `        readonly input: ${input};`,
    `        readonly related: ${related};`,
    "        readonly actions: {",
    ...entity.actions.toSorted(byName).flatMap((action) => actionLines(action, style, 5, true)),
    "        };",
    "      };",
  ];
}

function actionLines(action: ActionShape, style: TypeStyle, depth: number, bound: boolean): string[] {
  const { name, description, input, output, collection } = action;
  const lines = [
    ...docComment(description),
    `readonly ${quoted(name)}: {`,
    `  readonly input: ${input ? schemaType(input, style, depth + 1) : "{}"};`,
    `  readonly output: ${output ? schemaType(output, style, depth + 1) : "undefined"};`,
    ...(bound ? [`  readonly collection: ${collection};`] : []),
    "};",
  ];
  return lines.map((line) => "  ".repeat(depth) + line);
}

function pathLines(entities: readonly EntityShape[]): string[] {
  return [
    "/** For `createClient({ paths })`. */",
    "export const paths = {",
    ...entities
      .toSorted(byName)
      .map(({ name, path }) => `  ${quoted(name)}: ${quoted(path.slice("/api/".length))},`),
    "};",
  ];
}
