/** The same in every process of the app. */
export const secret = "a secret of forty characters, for tests.";

/** One request of its own for each key: what it makes bears the key as its title. */
export function keyed(key: string): [string, RequestInit] {
  const headers = { "content-type": "application/json", "idempotency-key": key };
  return ["/api/things", { method: "POST", headers, body: JSON.stringify({ title: key }) }];
}
