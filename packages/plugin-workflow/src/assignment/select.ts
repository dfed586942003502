/** How the next person is found among those who could take a record. */
export type Strategy = "roundRobin" | "loadBalanced" | "weighted" | "territory";

/** Somebody who might be given a record, as he is at this moment. */
export interface Candidate {
  readonly userId: string;
  /** Why he is given nothing now, whatever it is. */
  readonly unavailable: "inactive" | "absent" | "off-hours" | "offline" | null;
  /** Open records that he has. */
  readonly open: number;
  /** Most open records; null for no limit. */
  readonly capacity: number | null;
  /** Records that he was given within the last 24 hours. */
  readonly given: number;
  /** Most records in 24 hours; null for no limit. */
  readonly quota: number | null;
  /** Share in the strategy `weighted`; 0 gets nothing of it. */
  readonly weight: number;
  /** Level by key of the skill. */
  readonly skills: ReadonlyMap<string, number>;
}

/** What a record asks for. */
export interface Work {
  readonly requires: readonly { readonly skill: string; readonly level: number }[];
  /** Users who come first where they can take it, the first of them before the others. */
  readonly prefers: readonly string[];
  /** Users who must not get it, such as the one whom it is taken from. */
  readonly excludes: readonly string[];
  /** Users who may get no more by what the one who gives it out says. */
  readonly capped?: readonly string[];
  /** Users of the territory that it falls into, for the strategy `territory`; left out for any. */
  readonly within?: readonly string[];
}

/** Where the turn of a rule stands. Durable: it goes on where it was after a restart. */
export interface Turn {
  /** Who was given the last record in turn. */
  readonly last: string | null;
  /** What `weighted` owes to whom. */
  readonly credits: Readonly<Record<string, number>>;
}

export interface Considered {
  readonly userId: string;
  /** Why it was not he; null for the one who got it. */
  readonly passedOver: string | null;
}

export interface Choice {
  readonly userId: string | null;
  readonly by: Strategy | "preferred" | null;
  readonly considered: readonly Considered[];
  readonly turn: Turn;
}

export const FIRST_TURN: Turn = { last: null, credits: {} };

/**
 * Who is given a record. Pure: the same candidates and turn give the same answer, whatever their order, and the answer
 * says of everybody why it was not he.
 */
export function select(strategy: Strategy, candidates: readonly Candidate[], work: Work, turn: Turn): Choice {
  const all = [...candidates].sort((a, b) => (a.userId < b.userId ? -1 : 1));
  const reasons = new Map(all.map((candidate) => [candidate.userId, obstacle(candidate, work)]));
  const able = all.filter(({ userId }) => reasons.get(userId) === null);
  const preferred = work.prefers.find((userId) => able.some((candidate) => candidate.userId === userId));
  const inTurn = able.filter(({ weight }) => strategy !== "weighted" || weight > 0);
  const next = preferred === undefined ? STRATEGIES[strategy](inTurn, turn) : { userId: preferred, turn };
  const considered = all.map(({ userId, weight }) => ({
    userId,
    passedOver:
      userId === next.userId
        ? null
        : (reasons.get(userId) ?? (strategy === "weighted" && weight === 0 ? "no-weight" : "not-in-turn")),
  }));
  const by = next.userId === null ? null : preferred === undefined ? strategy : "preferred";
  return { userId: next.userId, by, considered, turn: next.turn };
}

function obstacle(candidate: Candidate, { requires, excludes, capped, within }: Work): string | null {
  if (excludes.includes(candidate.userId)) return "excluded";
  if (within !== undefined && !within.includes(candidate.userId)) return "territory";
  if (candidate.unavailable !== null) return candidate.unavailable;
  if (capped?.includes(candidate.userId)) return "capped";
  const missing = requires.find(({ skill, level }) => (candidate.skills.get(skill) ?? 0) < level);
  if (missing) return `skill:${missing.skill}`;
  if (candidate.capacity !== null && candidate.open >= candidate.capacity) return "full";
  if (candidate.quota !== null && candidate.given >= candidate.quota) return "quota";
  return null;
}

interface Next {
  readonly userId: string | null;
  readonly turn: Turn;
}

/** Candidates come ordered by id. */
const STRATEGIES: Readonly<Record<Strategy, (able: readonly Candidate[], turn: Turn) => Next>> = {
  roundRobin: (able, turn) => given(afterLast(able, turn)[0], turn),
  // Whose territory it is not was passed over; among the others it goes round.
  territory: (able, turn) => given(afterLast(able, turn)[0], turn),
  // Among equals it goes round, so that the first of the alphabet does not get everything.
  loadBalanced: (able, turn) => {
    const least = Math.min(...able.map(load));
    return given(
      afterLast(able, turn).find((candidate) => load(candidate) === least),
      turn,
    );
  },
  weighted: (able, turn) => {
    const [first] = able;
    if (!first) return { userId: null, turn };
    const total = able.reduce((sum, { weight }) => sum + weight, 0);
    const credits: Record<string, number> = { ...turn.credits };
    for (const { userId, weight } of able) credits[userId] = (credits[userId] ?? 0) + weight;
    const credit = ({ userId }: Candidate) => credits[userId] as number;
    const best = able.reduce(
      (most, candidate) => (credit(candidate) > credit(most) ? candidate : most),
      first,
    );
    credits[best.userId] = credit(best) - total;
    return { userId: best.userId, turn: { last: best.userId, credits } };
  },
};

/** Open records as a share of what he can have, where that is known. */
const load = ({ open, capacity }: Candidate): number =>
  capacity === null ? open : open / Math.max(1, capacity);

function afterLast(able: readonly Candidate[], { last }: Turn): readonly Candidate[] {
  if (last === null) return able;
  return [...able.filter(({ userId }) => userId > last), ...able.filter(({ userId }) => userId <= last)];
}

const given = (candidate: Candidate | undefined, turn: Turn): Next =>
  candidate
    ? { userId: candidate.userId, turn: { ...turn, last: candidate.userId } }
    : { userId: null, turn };
