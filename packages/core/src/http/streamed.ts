import type { Session } from "../runtime/session.js";

/**
 * An answer whose body is made while it is sent: a chunk is asked for when the last one has gone, and no more are
 * made when the caller hangs up. The first one is made before, so that what is wrong with the request is told as for
 * any other.
 */
export async function streamed(
  chunks: AsyncGenerator<string | Uint8Array>,
  headers: Readonly<Record<string, string>>,
  session: Session,
): Promise<Response> {
  const encoder = new TextEncoder();
  let next: IteratorResult<string | Uint8Array> | undefined = await chunks.next();
  const body = new ReadableStream<Uint8Array>({
    async pull(controller) {
      try {
        const { done, value } = next ?? (await chunks.next());
        next = undefined;
        if (done) controller.close();
        else controller.enqueue(typeof value === "string" ? encoder.encode(value) : value);
      } catch (error) {
        // The status has gone out: all that is left is to break off, so that nobody takes the half for the whole.
        if (!session.signal?.aborted) session.runtime.report(error);
        throw error;
      }
    },
    async cancel() {
      await chunks.return(undefined);
    },
  });
  return new Response(body, { headers });
}
