export type ScopeTest = (asked: string) => boolean;

const SCOPE = /^(\*|[a-zA-Z][\w.]*(\.\*)?|(\*|[a-zA-Z]\w*):(\*|[a-z]+))$/;

/** Whether a text can be a scope: `lead:read`, `lead:*`, `*:read`, `lead.convert`, `lead.*`, `*`. */
export function isScope(scope: string): boolean {
  return SCOPE.test(scope);
}

/** What a list of scopes lets through: rights as `entity:right`, permissions by their name. No list lets everything through. */
export function scopeTest(scopes: readonly string[] | undefined): ScopeTest {
  if (scopes === undefined || scopes.includes("*")) return () => true;
  const exact = new Set(scopes);
  const prefixes = scopes.filter((scope) => scope.endsWith(".*")).map((scope) => scope.slice(0, -1));
  return (asked) => {
    if (exact.has(asked)) return true;
    const [entity, right] = asked.split(":");
    if (right !== undefined) return exact.has(`${entity}:*`) || exact.has(`*:${right}`) || exact.has("*:*");
    return prefixes.some((prefix) => asked.startsWith(prefix));
  };
}
