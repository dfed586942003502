import { BLOCK_LABELS, FROM_LABELS, SENT_FROM, SEPARATORS, WROTE } from "./quote-words.js";

export interface SplitReply {
  /** What the author wrote; the whole text where nothing would be left. */
  readonly text: string;
  /** The text that was answered, with the line that introduces it. */
  readonly quoted: string | null;
  readonly signature: string | null;
}

/** No line that introduces a quotation is longer, and longer ones are not looked through. */
const MAX_LINE = 400;
const MAX_SIGNATURE_LINES = 15;

/**
 * Divides a mail into what is new, what is quoted and the signature. Nothing is dropped.
 *
 * It works line by line with searches for fixed words, so that its time grows with the length of the text alone. An
 * answer between the quotations keeps them, since it could not be understood without.
 */
export function splitReply(whole: string): SplitReply {
  const lines = whole.replace(/\r\n?/g, "\n").split("\n");
  const { head, tail } = quoteRange(lines);
  const above = lines.slice(head, tail);
  const signed = signatureStart(above);
  const text = textOf(above.slice(0, signed));
  if (text === "") return { text: textOf(lines), quoted: null, signature: null };
  const quoted = textOf([...lines.slice(0, head), ...lines.slice(tail)]);
  return { text, quoted: quoted || null, signature: textOf(above.slice(signed)) || null };
}

/** The lines that are not quoted: from `head` to before `tail`. */
function quoteRange(lines: readonly string[], from = 0): { head: number; tail: number } {
  for (let i = from; i < lines.length; i++) {
    const taken = introduction(lines, i);
    if (taken === 0) continue;
    const below = i + taken;
    const quote = quoteEnd(lines, below);
    const isFirst = isBlank(lines, from, i);
    // An answer below its quotation. With text above as well, the two belong together.
    if (quote > below && answerAfter(lines, quote) >= 0) {
      if (!isFirst || from > 0) return { head: from, tail: lines.length };
      return quoteRange(lines, quote);
    }
    // Somebody answered without marking the quotation, or removed it.
    if (isFirst && quote === below && !isBlock(lines, i)) return { head: below, tail: lines.length };
    return { head: from, tail: isQuoted(lines[i] as string) ? quoteStart(lines, i) : i };
  }
  return { head: from, tail: trailingQuote(lines) };
}

/** How many lines introduce a quotation here: 0 for none. */
function introduction(lines: readonly string[], at: number): number {
  const line = bare(lines[at]);
  if (line === "") return 0;
  if (isSeparator(line)) return 1;
  if (isBlock(lines, at)) return 1;
  if (isDated(line)) return 1;
  // Long names and addresses push the verb to the next lines.
  let joined = line;
  for (let taken = 1; taken <= 3; taken++) {
    if (isWrote(joined)) return taken;
    const following = lines[at + taken];
    if (following === undefined || joined.length > MAX_LINE) return 0;
    if (following.trim() === "" || !startsIntroduction(line)) return 0;
    joined += ` ${bare(following)}`;
  }
  return 0;
}

/** A line without the marks of quotation and of emphasis around it. */
function bare(line: string | undefined): string {
  if (line === undefined || line.length > MAX_LINE) return "";
  return line.replace(/^[\s>*]+/, "").replace(/[\s*]+$/, "");
}

function isSeparator(line: string): boolean {
  if (!/^(?:-{2,}|_{2,}|={2,}|—{2,})/.test(line)) return false;
  const words = line.toLowerCase();
  return SEPARATORS.some((separator) => words.includes(separator));
}

/** "From: …" followed closely by other labels of the kind. */
function isBlock(lines: readonly string[], at: number): boolean {
  const first = labelOf(lines[at]);
  if (first === undefined || !FROM_LABELS.has(first)) return false;
  let others = 0;
  for (let i = at + 1; i < Math.min(lines.length, at + 9) && others < 2; i++) {
    const label = labelOf(lines[i]);
    if (label !== undefined && BLOCK_LABELS.has(label)) others++;
  }
  return others >= 2;
}

function labelOf(line: string | undefined): string | undefined {
  const text = bare(line);
  const colon = /[:：]/.exec(text.slice(0, 30))?.index;
  if (colon === undefined || colon === 0) return undefined;
  return text.slice(0, colon).replace(/\*/g, "").trim().toLowerCase();
}

/** "2016-03-03 17:21 GMT+01:00 Some One": Gmail in languages whose verb it leaves out. */
function isDated(line: string): boolean {
  return /^\d{4}-\d\d-\d\d \d\d?:\d\d (?:GMT|UTC)[+-]\d/.test(line);
}

const STARTS =
  /^(?:(?:on|at|le|el|il|em|op|am|den|dnia|w dniu|pe|på|kl|в|от)\s|在|於|"|\d{1,4}[\s./年-]|\p{L}{2,4}[.,]\s)/iu;

function startsIntroduction(line: string): boolean {
  return STARTS.test(line) || /[@<]/.test(line);
}

function isWrote(line: string): boolean {
  if (line.length > MAX_LINE) return false;
  const text = line.replace(/[\s-]+$/, "").toLowerCase();
  const verb = WROTE.find((word) => text.includes(word));
  if (verb === undefined) return false;
  const colon = /[:：]$/.test(text);
  const dated = /\d/.test(text) || text.includes("@");
  // Some leave the colon out, or set a line break behind it.
  return dated && (colon || (text.endsWith(verb) && text.includes("@")));
}

/** The first line from `at` on that is neither quoted nor empty. */
function quoteEnd(lines: readonly string[], at: number): number {
  let end = at;
  for (let i = at; i < lines.length; i++) {
    const line = lines[i] as string;
    if (isQuoted(line) || isBroken(lines, i)) end = i + 1;
    else if (line.trim() !== "") break;
  }
  return end;
}

/** The rest of a quoted line that was too long, and was broken without the mark. */
function isBroken(lines: readonly string[], at: number): boolean {
  const [before = "", here = "", after = ""] = [lines[at - 1], lines[at], lines[at + 1]];
  return here.trim() !== "" && isQuoted(before) && before.length > 50 && isQuoted(after);
}

/** The first of the quoted lines that `at` belongs to. */
function quoteStart(lines: readonly string[], at: number): number {
  let start = at;
  for (let i = at; i >= 0; i--) {
    const line = lines[i] as string;
    if (isQuoted(line)) start = i;
    else if (line.trim() !== "") break;
  }
  return start;
}

/** Where the text goes on below a quotation, or -1. A signature is no text. */
function answerAfter(lines: readonly string[], at: number): number {
  for (let i = at; i < lines.length; i++) {
    const line = lines[i] as string;
    if (isSignatureMark(line)) return -1;
    if (line.trim() !== "" && !isQuoted(line)) return i;
  }
  return -1;
}

/** The end of the text where quoted lines, and nothing else, end it. */
function trailingQuote(lines: readonly string[]): number {
  let end = lines.length;
  const signed = signatureStart(lines);
  const last = isBlank(lines, signed, lines.length) ? lines.length : signed;
  for (let i = last - 1; i >= 0; i--) {
    const line = lines[i] as string;
    if (isQuoted(line)) end = i;
    else if (line.trim() !== "") break;
  }
  return end;
}

const isQuoted = (line: string): boolean => /^\s{0,3}>/.test(line);

function isBlank(lines: readonly string[], from: number, to: number): boolean {
  for (let i = from; i < to; i++) if ((lines[i] as string).trim() !== "") return false;
  return true;
}

/** Where the signature begins; the number of lines where there is none. */
function signatureStart(lines: readonly string[]): number {
  let start = lines.length;
  let below = 0;
  // The mark of a signature has few lines below it; more is a text that has such a line.
  for (let i = lines.length - 1; i >= 0 && below <= MAX_SIGNATURE_LINES; i--) {
    const line = lines[i] as string;
    if (isSignatureMark(line)) start = i;
    if (line.trim() !== "" && !isQuoted(line)) below++;
  }
  return start;
}

function isSignatureMark(line: string): boolean {
  if (line.length > 200) return false;
  if (/^(?:--|—|__{1,2}) ?$/.test(line)) return true;
  const words = line
    .trim()
    .replace(/^[<[(*_]+/, "")
    .toLowerCase();
  return SENT_FROM.some((start) => words.startsWith(start));
}

function textOf(lines: readonly string[]): string {
  let from = 0;
  let to = lines.length;
  while (from < to && isRule(lines[from] as string)) from++;
  while (to > from && isRule(lines[to - 1] as string)) to--;
  return lines.slice(from, to).join("\n").trimEnd();
}

/** Empty, or a line across that mail programs draw above what they quote. */
const isRule = (line: string): boolean => /^\s*(?:[-_=]{4,}\s*)?$/.test(line);
