/** Of what a server sends: that of an app with hundreds of entities has a tenth of it. */
const MAX_BYTES = 64 * 1024 * 1024;
const TIMEOUT_MS = 30_000;

/**
 * A JSON document of an API.
 *
 * @param key sent as bearer
 * @throws Error that says what was asked and what came
 */
export async function readJson(url: string, key: string | undefined): Promise<unknown> {
  const text = await readApi(url, key, "application/json");
  try {
    return JSON.parse(text);
  } catch {
    throw new Error(`${url} answers something that is not JSON. Is this the URL of a Corm API?`);
  }
}

/** The text that an API answers. @throws as `readJson` */
export async function readApi(url: string, key: string | undefined, accept: string): Promise<string> {
  const response = await ask(url, key, accept);
  if (response.ok) return readText(response, url);
  await response.body?.cancel();
  throw new Error(`${url} answers ${response.status}: ${hint(response, key)}`);
}

async function ask(url: string, key: string | undefined, accept: string): Promise<Response> {
  const headers = {
    accept,
    ...(key === undefined ? {} : { authorization: `Bearer ${key}` }),
  };
  try {
    // The key goes where it was sent, not where somebody points.
    return await fetch(url, { headers, redirect: "manual", signal: AbortSignal.timeout(TIMEOUT_MS) });
  } catch (error) {
    const { message, cause } = error as Error;
    const reason =
      cause instanceof Error ? cause.message || String((cause as { code?: unknown }).code) : message;
    throw new Error(`${url} cannot be read: ${reason}`, { cause: error });
  }
}

function hint({ status, headers }: Response, key: string | undefined): string {
  if (status >= 300 && status < 400)
    return `it points to ${headers.get("location") ?? "another place"}. Give the URL that answers itself.`;
  if (status === 401) return key === undefined ? "give a key." : "it does not take this key.";
  if (status === 403) return "this key may not read it.";
  if (status === 404) return "is this the URL of a Corm API, with what it is mounted under?";
  return "try again later, or look into the log of the server.";
}

async function readText(response: Response, url: string): Promise<string> {
  const decoder = new TextDecoder();
  let text = "";
  let bytes = 0;
  try {
    for await (const piece of response.body ?? []) {
      bytes += piece.byteLength;
      if (bytes > MAX_BYTES) throw new Error(`more than ${MAX_BYTES / 1024 / 1024} MB came`);
      text += decoder.decode(piece, { stream: true });
    }
  } catch (error) {
    throw new Error(`${url} cannot be read: ${(error as Error).message}`, { cause: error });
  }
  return text + decoder.decode();
}
