/** Longest answer of an issuer that is read: keys, settings and tokens are a few kilobytes. */
const MAX_BYTES = 256 * 1024;

/** `fetch` that gives an answer up when it is longer than those of issuers are. */
export async function boundedFetch(url: string, init: RequestInit): Promise<Response> {
  const response = await fetch(url, init);
  const reader = response.body?.getReader();
  if (!reader) return response;
  const chunks: Uint8Array[] = [];
  let length = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    length += value.byteLength;
    if (length > MAX_BYTES) {
      await reader.cancel().catch(() => undefined);
      return new Response(null, { status: 413 });
    }
    chunks.push(value);
  }
  const { status, headers } = response;
  const type = headers.get("content-type");
  return new Response(Buffer.concat(chunks, length), {
    status,
    ...(type === null ? {} : { headers: { "content-type": type } }),
  });
}
