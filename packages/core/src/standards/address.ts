import { searchText } from "../util/normalize-text.js";

const LONG: Readonly<Record<string, string>> = {
  st: "street",
  str: "street",
  sts: "street",
  streets: "street",
  ave: "avenue",
  av: "avenue",
  aves: "avenue",
  avenues: "avenue",
  avda: "avenida",
  rd: "road",
  rds: "road",
  blvd: "boulevard",
  blv: "boulevard",
  bd: "boulevard",
  boul: "boulevard",
  dr: "drive",
  drv: "drive",
  ln: "lane",
  la: "la",
  ct: "court",
  crt: "court",
  pl: "place",
  plz: "plaza",
  sq: "square",
  hwy: "highway",
  fwy: "freeway",
  pkwy: "parkway",
  pky: "parkway",
  pde: "parade",
  ter: "terrace",
  terr: "terrace",
  tce: "terrace",
  cres: "crescent",
  cr: "crescent",
  cct: "circuit",
  cl: "close",
  gr: "grove",
  gdns: "gardens",
  mt: "mount",
  ft: "fort",
  rte: "route",
  ctr: "center",
  centre: "center",
  bldg: "building",
  apt: "apartment",
  ste: "suite",
  fl: "floor",
  flr: "floor",
  rm: "room",
  nr: "number",
  no: "number",
  n: "north",
  s: "south",
  e: "east",
  w: "west",
  ne: "northeast",
  nw: "northwest",
  se: "southeast",
  sw: "southwest",
  first: "1st",
  second: "2nd",
  third: "3rd",
  fourth: "4th",
  fifth: "5th",
  sixth: "6th",
  seventh: "7th",
  eighth: "8th",
  ninth: "9th",
  tenth: "10th",
  eleventh: "11th",
  twelfth: "12th",
  vlge: "village",
  vill: "village",
  cnr: "corner",
};
/** "Hauptstr." and "Hauptstraße" are one; folding has made ß of ss already. */
const GERMAN_STREET = /(?<=\p{L}{2})str(?:asse)?$/u;
/** What follows tells where along the street, not which address. */
const ASIDE = /\b(?:between|btwn|bet|near|off|at|in the|opp|opposite|corner of|cnr of)\b.*$/;

/**
 * What the spellings of one street address have in common: folded, abbreviations written out, without hints such as "near
 * the station". To compare by.
 *
 * @example addressKey("435 S. La Cienega Blvd.") // "435 south la cienega boulevard"
 */
export function addressKey(value: string): string {
  const folded = searchText(value)
    .replace(/['’.]/g, "")
    .replace(/[^\p{L}\p{N}]+/gu, " ")
    .trim();
  const main = folded.replace(ASIDE, "").trim() || folded;
  return main
    .split(" ")
    .map((word) => LONG[word] ?? word.replace(GERMAN_STREET, "strasse"))
    .join(" ");
}

/** The house number and the street, where the address begins or ends with a number. */
export function splitAddress(key: string): { readonly number: string; readonly street: string } {
  const [, before, after] = /^(\d+[a-z]?)(?: (.*))?$/.exec(key) ?? [];
  if (before !== undefined) return { number: before, street: after ?? "" };
  const [, street = key, number = ""] = /^(.*?) (\d+[a-z]?)$/.exec(key) ?? [];
  return { number, street };
}
