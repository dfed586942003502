/**
 * A pure function of a text that remembers what it answered, for texts that come again and again, such as names. Forgets
 * everything once it knows `most` of them: bounded, and cheaper than keeping an order of use.
 */
export function remembered<T>(work: (text: string) => T, most = 20_000): (text: string) => T {
  let known = new Map<string, T>();
  return (text) => {
    let found = known.get(text);
    if (found === undefined) {
      found = work(text);
      if (known.size >= most) known = new Map();
      known.set(text, found);
    }
    return found;
  };
}
