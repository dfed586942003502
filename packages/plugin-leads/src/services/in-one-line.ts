/** A name that came from outside as the reference of an origin takes it; empty where nothing of it is left. */
export const inOneLine = (text: string): string =>
  text
    .replace(/\p{Cc}/gu, "")
    .trim()
    .slice(0, 200);
