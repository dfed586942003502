type Parser = (text: string) => unknown;

const text: Parser = (value) => value;

/** From `2017-03-01 14:00:00.12+00`: the session's zone is UTC. */
function instant(value: string): string {
  const fraction = value.length > 22 ? value.slice(20, -3) : "";
  return `${value.slice(0, 10)}T${value.slice(11, 19)}.${fraction.padEnd(3, "0")}Z`;
}

/** How values come back, by the type's number in PostgreSQL's catalogue. All others are text. */
const parsers: Readonly<Record<number, Parser>> = {
  16: (value) => value === "t",
  20: Number,
  21: Number,
  23: Number,
  700: Number,
  701: Number,
  114: JSON.parse,
  3802: JSON.parse,
  1184: instant,
};

/** For one client: the host's own use of the driver must not change. */
export const types = {
  getTypeParser: (type: number): Parser => parsers[type] ?? text,
};
