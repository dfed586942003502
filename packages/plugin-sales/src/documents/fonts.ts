import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { DocumentFontMissing, PdfNotInstalled } from "../errors.js";

/** Font files of one typeface, TTF or OTF. */
export interface DocumentFont {
  /** Path of a file. */
  readonly normal: string;
  /** Default: the normal one. */
  readonly bold?: string;
}

interface OpenedFont {
  hasGlyphForCodePoint(codePoint: number): boolean;
}

/** The typefaces of documents, in order: what the first one has no glyph for is written in the next one. */
export interface FontBook {
  /** As pdfmake takes them. */
  readonly files: Readonly<Record<string, { readonly normal: string; readonly bold: string }>>;
  /** Cuts a text into runs of one typeface each. @throws document-font-missing */
  runs(text: string): readonly { readonly text: string; readonly font: string }[];
}

const FONTKIT: string = "fontkit";

/** The given typefaces, after Roboto, which comes with pdfmake: Latin, Greek, Cyrillic. @throws pdf-not-installed */
export async function openFonts(given: readonly DocumentFont[]): Promise<FontBook> {
  const roboto = join(packageFolder("pdfmake"), "fonts", "Roboto");
  const all: DocumentFont[] = [
    { normal: join(roboto, "Roboto-Regular.ttf"), bold: join(roboto, "Roboto-Medium.ttf") },
    ...given,
  ];
  const { openSync } = await optional<{ openSync(path: string): OpenedFont }>(FONTKIT);
  const fonts = all.map(({ normal, bold = normal }, at) => ({
    name: `font${at}`,
    files: { normal, bold },
    opened: openSync(normal),
    known: new Map<number, boolean>(),
  }));
  const fontOf = (character: string): string | undefined => {
    const codePoint = character.codePointAt(0) as number;
    for (const { name, opened, known } of fonts) {
      let has = known.get(codePoint);
      if (has === undefined) {
        has = opened.hasGlyphForCodePoint(codePoint);
        known.set(codePoint, has);
      }
      if (has) return name;
    }
    return undefined;
  };
  return {
    files: Object.fromEntries(fonts.map(({ name, files }) => [name, files])),
    runs(text) {
      const runs: { text: string; font: string }[] = [];
      const missing = new Set<string>();
      for (const character of text) {
        const last = runs.at(-1);
        // Blanks, and characters that join others, belong to what stands before them.
        const font = /[\s\p{M}\p{Cf}]/u.test(character) ? (last?.font ?? "font0") : fontOf(character);
        if (font === undefined) missing.add(character);
        else if (last?.font === font) last.text += character;
        else runs.push({ text: character, font });
      }
      if (missing.size > 0) throw DocumentFontMissing({ characters: [...missing].slice(0, 20) });
      return runs;
    },
  };
}

/** An optional package. @throws pdf-not-installed */
export async function optional<T>(name: string): Promise<T> {
  try {
    const loaded = (await import(name)) as T & { readonly default?: T };
    return loaded.default ?? loaded;
  } catch (cause) {
    if ((cause as { code?: string }).code !== "ERR_MODULE_NOT_FOUND" && !/Cannot find/.test(String(cause)))
      throw cause;
    throw PdfNotInstalled({ package: name }, { cause });
  }
}

function packageFolder(name: string): string {
  const require = createRequire(join(process.cwd(), "package.json"));
  for (const from of [import.meta.url, undefined]) {
    try {
      const resolver = from === undefined ? require : createRequire(from);
      return dirname(resolver.resolve(`${name}/package.json`));
    } catch (cause) {
      if (from === undefined) throw PdfNotInstalled({ package: name }, { cause });
    }
  }
  throw PdfNotInstalled({ package: name });
}
