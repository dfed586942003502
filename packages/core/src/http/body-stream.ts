import { limitedRequest } from "./body.js";
import type { HttpCall } from "./route.js";

/** The body, chunk by chunk, asked for when the last one is done with. @throws body-too-large */
export async function* bytesOf({ request, signal }: HttpCall, limit: number): AsyncGenerator<Uint8Array> {
  const { body } = limitedRequest(request, limit);
  if (!body) return;
  const reader = body.getReader();
  const cancel = () => reader.cancel().catch(() => undefined);
  // Who waits for a body that does not come would not notice otherwise.
  signal.addEventListener("abort", cancel);
  try {
    for (;;) {
      const { done, value } = await reader.read();
      signal.throwIfAborted();
      if (done) return;
      yield value;
    }
  } finally {
    signal.removeEventListener("abort", cancel);
    await cancel();
  }
}
