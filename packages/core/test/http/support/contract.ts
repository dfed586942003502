import type { Ajv2020 as Ajv } from "ajv/dist/2020.js";
import ajvModule from "ajv/dist/2020.js";
import formatsModule from "ajv-formats";
import { expect } from "vitest";

type Json = Record<string, unknown>;

const Ajv2020 = ajvModule as unknown as typeof Ajv;
const addFormats = formatsModule as unknown as (ajv: Ajv) => void;

/** Checks answers against an OpenAPI document: their status, media type and body must be what it says. */
export class Contract {
  readonly #paths: Record<string, Json>;
  readonly #document: Json;
  readonly #ajv: Ajv;
  /** Operations that were seen to answer without an error. */
  readonly seen = new Set<string>();

  constructor(document: Json) {
    this.#document = document;
    this.#paths = document["paths"] as Record<string, Json>;
    this.#ajv = new Ajv2020({ strict: false, allErrors: true });
    addFormats(this.#ajv);
    this.#ajv.addSchema(closed(document), "api");
  }

  get operations(): string[] {
    return Object.entries(this.#paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method} ${path}`),
    );
  }

  check(method: string, url: string, status: number, type: string | null, text: string): void {
    const path = new URL(url, "http://localhost").pathname;
    const template = this.#templateOf(method.toLowerCase(), path);
    if (template === undefined) {
      expect(status, `${method} ${path} is not described, but answered ${text}`).toBeGreaterThanOrEqual(400);
      this.#checkBody("#/components/schemas/Corm.Problem", JSON.parse(text), path);
      return;
    }
    const at = `#/paths/${escaped(template)}/${method.toLowerCase()}/responses`;
    const documented = this.#at(at) as Json;
    const range = `${Math.floor(status / 100)}XX`;
    const key = [String(status), range].find((candidate) => candidate in documented) ?? "default";
    if (key === "default")
      expect(status, `${method} ${path} answers an undescribed status`).toBeGreaterThanOrEqual(400);
    if (status < 400) this.seen.add(`${method.toLowerCase()} ${template}`);
    const pointer = this.#resolved(`${at}/${key}`);
    const content = (this.#at(pointer) as { content?: Json }).content;
    if (content === undefined) {
      expect(text, `${method} ${path} answers a body`).toBe("");
      return;
    }
    const media = (type ?? "").split(";")[0] as string;
    // A file has whatever type it has.
    const described = content["*/*"] ? "*/*" : media;
    expect(Object.keys(content), `${method} ${path} answers ${type}`).toContain(described);
    const body = isJson(media) && described === media ? JSON.parse(text) : text;
    this.#checkBody(`${pointer}/content/${escaped(described)}/schema`, body, `${method} ${path}`);
  }

  /** The request bodies that the document shows as examples, and whether they are right. */
  checkExamples(): number {
    let count = 0;
    for (const [path, methods] of Object.entries(this.#paths)) {
      for (const [method, operation] of Object.entries(methods)) {
        const content = (operation as { requestBody?: { content: Record<string, Json> } }).requestBody
          ?.content;
        for (const [media, { example }] of Object.entries(content ?? {})) {
          if (example === undefined) continue;
          count += 1;
          const pointer = `#/paths/${escaped(path)}/${method}/requestBody/content/${escaped(media)}/schema`;
          this.#checkBody(pointer, example, `example of ${method} ${path}`);
        }
      }
    }
    return count;
  }

  #templateOf(method: string, path: string): string | undefined {
    const matches = Object.keys(this.#paths).filter((template) => {
      const pattern = template.replace(/[.]/g, "\\.").replace(/\{\w+\}/g, "[^/]+");
      return method in (this.#paths[template] as Json) && new RegExp(`^${pattern}$`).test(path);
    });
    // As OpenAPI says: concrete paths before templated ones.
    return matches.find((template) => !template.includes("{")) ?? matches[0];
  }

  #checkBody(pointer: string, body: unknown, what: string): void {
    const validate = this.#ajv.getSchema(`api${pointer}`);
    if (!validate) throw new Error(`there is no schema at ${pointer}`);
    const right = validate(body);
    expect(right ? [] : validate.errors, `${what} is not as described: ${JSON.stringify(body)}`).toEqual([]);
  }

  #resolved(pointer: string): string {
    const reference = (this.#at(pointer) as { $ref?: string }).$ref;
    return reference ?? pointer;
  }

  #at(pointer: string): unknown {
    return pointer
      .slice(2)
      .split("/")
      .map((part) => part.replaceAll("~1", "/").replaceAll("~0", "~"))
      .reduce<unknown>((node, part) => (node as Json)[part], this.#document);
  }
}

/** True for JSON and its kin, but not for lines of JSON. */
export const isJson = (type: string | null): boolean => /(^|[/+])json(;|$)/.test(type ?? "");

const escaped = (part: string): string => part.replaceAll("~", "~0").replaceAll("/", "~1");

/** Objects with named properties may have no others: an answer that shows more than it says is wrong. */
function closed(node: unknown): Json {
  const visit = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(visit);
    if (typeof value !== "object" || value === null) return value;
    const copy = Object.fromEntries(Object.entries(value).map(([key, child]) => [key, visit(child)]));
    const open = copy["type"] === "object" && "properties" in copy && !("additionalProperties" in copy);
    return open ? { ...copy, additionalProperties: false } : copy;
  };
  return visit(node) as Json;
}
