/** `__Host-` makes browsers refuse the cookie unless it is secure, of this host alone and for all paths. */
const PREFIX = "__Host-";
const SESSION = "corm";
const DEVICE = "corm-device";
const ATTEMPT = "corm-attempt";

export interface CookieNames {
  readonly session: string;
  readonly device: string;
  /** A sign-in by a provider that has begun. */
  readonly attempt: string;
  readonly secure: boolean;
}

export function cookieNames(insecure: boolean): CookieNames {
  const name = (own: string) => (insecure ? own : `${PREFIX}${own}`);
  return { session: name(SESSION), device: name(DEVICE), attempt: name(ATTEMPT), secure: !insecure };
}

/** The value of a cookie; undefined where it is absent, or comes twice, of which one is somebody else's. */
export function readCookie(request: Request, name: string): string | undefined {
  const header = request.headers.get("cookie");
  if (header === null) return undefined;
  const values = header
    .split(";")
    .map((pair) => pair.trim())
    .filter((pair) => pair.startsWith(`${name}=`))
    .map((pair) => pair.slice(name.length + 1));
  return values.length === 1 ? values[0] : undefined;
}

/** A `Set-Cookie` header. `value` holds no more than letters, digits, `.`, `_` and `-`. */
export function setCookie(name: string, value: string, secure: boolean, maxAge: number): string {
  return `${name}=${value}; Path=/; HttpOnly; SameSite=Lax; Max-Age=${maxAge}${secure ? "; Secure" : ""}`;
}
