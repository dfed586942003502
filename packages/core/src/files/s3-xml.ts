import type { StoredFile } from "./file-store.js";

const ENTITIES: Readonly<Record<string, string>> = { amp: "&", lt: "<", gt: ">", quot: '"', apos: "'" };

/** Text of the first element of a name, in the flat answers of a store. */
export function textOf(xml: string, element: string): string | undefined {
  const text = new RegExp(`<${element}>([^<]*)</${element}>`).exec(xml)?.[1];
  return text?.replace(/&(amp|lt|gt|quot|apos);/g, (_, name: string) => ENTITIES[name] as string);
}

/** The files of one page of a list. */
export function listedFiles(xml: string): StoredFile[] {
  return [...xml.matchAll(/<Contents>([\s\S]*?)<\/Contents>/g)].map(([, entry = ""]) => ({
    key: textOf(entry, "Key") ?? "",
    size: Number(textOf(entry, "Size") ?? 0),
    modifiedAt: textOf(entry, "LastModified") ?? "",
  }));
}

/** Which parts make a file, in their order. */
export function completeXml(tags: readonly string[]): string {
  const escaped = (tag: string) => tag.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
  const parts = tags.map(
    (tag, i) => `<Part><PartNumber>${i + 1}</PartNumber><ETag>${escaped(tag)}</ETag></Part>`,
  );
  return `<CompleteMultipartUpload>${parts.join("")}</CompleteMultipartUpload>`;
}
