/** Longest set of keys that is read: issuers publish a few kilobytes. */
const MAX_BYTES = 256 * 1024;

/** `fetch` that gives an answer up when it is longer than keys are. */
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
  return new Response(Buffer.concat(chunks, length), { status: response.status });
}
