import { FormEncodingUnsupported, FormMalformed, FormTooLarge } from "../errors.js";

/** Reads a posted form, JSON or form-encoded, never more of it than `limit` bytes. */
export async function readForm(request: Request, limit: number): Promise<Record<string, unknown>> {
  const given = request.headers.get("content-type") ?? "";
  const type = given.split(";")[0]?.trim().toLowerCase() ?? "";
  const encoded = type === "application/x-www-form-urlencoded";
  if (!encoded && type !== "application/json") throw FormEncodingUnsupported({ given: type.slice(0, 100) });
  const text = await readText(request, limit);
  return encoded ? fromPairs(text) : fromJson(text);
}

async function readText(request: Request, limit: number): Promise<string> {
  if (Number(request.headers.get("content-length") ?? 0) > limit) throw FormTooLarge({ limit });
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of (request.body ?? []) as AsyncIterable<Uint8Array>) {
    size += chunk.byteLength;
    // Leaving the loop cancels the stream.
    if (size > limit) throw FormTooLarge({ limit });
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}

function fromPairs(text: string): Record<string, unknown> {
  const form: Record<string, unknown> = Object.create(null);
  // Of a name that is posted twice the first one counts.
  for (const [name, value] of new URLSearchParams(text)) if (!(name in form)) form[name] = value;
  return form;
}

function fromJson(text: string): Record<string, unknown> {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    throw FormMalformed({ reason: "it is not JSON" });
  }
  if (typeof parsed === "object" && parsed !== null && !Array.isArray(parsed)) {
    return parsed as Record<string, unknown>;
  }
  throw FormMalformed({ reason: "it is not a JSON object" });
}
