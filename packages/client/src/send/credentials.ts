import type { ClientOptions } from "../options.js";

/** How a request shows who sends it. */
export interface Credentials {
  readonly mode: "include" | "same-origin";
  /** Answers what `refused` takes, should the server not accept it. */
  sign(headers: Headers): Promise<string | undefined>;
  /** After a 401. True where another try may go better. */
  refused(credential: string | undefined): Promise<boolean>;
}

const never = async () => false;

export function credentialsOf({ key, token, cookies }: ClientOptions): Credentials {
  if (cookies !== undefined) {
    const { csrf, csrfHeader = "X-CSRF-Token" } = cookies === true ? {} : cookies;
    return {
      mode: "include",
      async sign(headers) {
        const proof = await csrf?.();
        if (proof !== undefined) headers.set(csrfHeader, proof);
        return undefined;
      },
      refused: never,
    };
  }
  if (token) {
    let current: Promise<string> | undefined;
    const ask = (refresh: boolean) => {
      const asked = (async () => token({ refresh }))();
      current = asked;
      // A provider that fails is asked again by the next call.
      asked.catch(() => {
        if (current === asked) current = undefined;
      });
      return asked;
    };
    return {
      mode: "same-origin",
      async sign(headers) {
        const value = await (current ?? ask(false));
        headers.set("authorization", `Bearer ${value}`);
        return value;
      },
      async refused(credential) {
        // Calls that were refused together fetch one new token, not one each.
        if (current !== undefined && (await current) !== credential) return true;
        await ask(true);
        return true;
      },
    };
  }
  return {
    mode: "same-origin",
    async sign(headers) {
      if (key !== undefined) headers.set("authorization", `Bearer ${key}`);
      return undefined;
    },
    refused: never,
  };
}
