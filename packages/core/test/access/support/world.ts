import { type AppSession, crmCore, recordShare, team, teamMember, user } from "@corm/core";
import { seededRandom } from "../../../src/util/random-bytes.js";
import { type Folder, folder, type Paper, paper, type vault } from "./vault.js";

export interface Share {
  readonly entity: string;
  readonly recordId: string;
  readonly userId: string | null;
  readonly teamId: string | null;
  readonly role: string | null;
  readonly level: string;
}

/** Everything there is, as plain lists: what the oracle judges by. */
export interface World {
  readonly users: readonly { readonly id: string; readonly managerId: string | null }[];
  readonly teams: readonly string[];
  readonly members: readonly { readonly teamId: string; readonly userId: string }[];
  readonly folders: readonly Folder[];
  readonly papers: readonly Paper[];
  readonly shares: readonly Share[];
  /** What records were at an instant, before some changed hands. */
  readonly past: {
    readonly asOf: string;
    readonly folders: readonly Folder[];
    readonly papers: readonly Paper[];
  };
  /** What they are now, those in the recycle bin among them. */
  readonly whole: { readonly folders: readonly Folder[]; readonly papers: readonly Paper[] };
}

export const plugins = () => [crmCore()] as const;
export const roleNames = ["clerk", "agent", "vipDesk"] as const;

type Session = AppSession<readonly [ReturnType<typeof crmCore>, ReturnType<typeof vault>]>;

/** People in a hierarchy and in teams, with records, shares, and some of all that in the recycle bin. */
export async function makeWorld(system: Session, seed: number, later: () => void): Promise<World> {
  const bytes = seededRandom(seed);
  const pick = (below: number): number => (bytes(1)[0] as number) % below;
  const maybe = <T>(value: T): T | null => (pick(4) === 0 ? null : value);
  const users: { id: string; managerId: string | null }[] = [];
  for (let i = 0; i < 9; i += 1) {
    const managerId = i === 0 ? null : maybe((users[pick(i)] as { id: string }).id);
    users.push({ id: (await system.repo(user).create({ name: `user ${i}`, managerId })).id, managerId });
  }
  const anyone = () => (users[pick(users.length)] as { id: string }).id;
  const teams = (await system.repo(team).createMany([0, 1, 2].map((i) => ({ name: `team ${i}` })))).map(
    (made) => made.id,
  );
  const anyTeam = () => teams[pick(teams.length)] as string;
  const wanted = new Map<string, { teamId: string; userId: string }>();
  for (let i = 0; i < 12; i += 1) {
    const member = { teamId: anyTeam(), userId: anyone() };
    wanted.set(`${member.teamId} ${member.userId}`, member);
  }
  const memberRows = await system.repo(teamMember).createMany([...wanted.values()]);
  const left = new Set(memberRows.filter(() => pick(6) === 0).map((row) => row.id));
  await system.repo(teamMember).deleteMany([...left]);
  const firstFolders = await system.repo(folder).createMany(
    Array.from({ length: 24 }, (_, i) => ({
      name: `folder ${i} ${["red", "green", "blue"][pick(3)]}`,
      rank: maybe(pick(5)),
      vip: maybe(pick(4) === 0),
      pin: maybe(`pin-${pick(3)}`),
      hash: "canary-of-a-secret",
      ownerId: maybe(anyone()),
      teamId: maybe(anyTeam()),
    })),
  );
  const firstPapers = await system.repo(paper).createMany(
    Array.from({ length: 36 }, (_, i) => ({
      title: `paper ${i}`,
      pages: maybe(pick(4)),
      note: maybe(`note-${pick(3)}`),
      ownerId: maybe(anyone()),
      folderId: maybe((firstFolders[pick(firstFolders.length)] as Folder).id),
    })),
  );
  const asOf = system.now();
  later();
  const folders: Folder[] = [];
  for (const row of firstFolders) {
    const patch = {
      ownerId: maybe(anyone()),
      teamId: maybe(anyTeam()),
      rank: maybe(pick(5)),
      vip: pick(5) === 0,
    };
    folders.push(pick(2) === 0 ? row : await system.repo(folder).update(row.id, patch));
  }
  const papers: Paper[] = [];
  for (const row of firstPapers) {
    const patch = { ownerId: maybe(anyone()), pages: maybe(pick(4)) };
    papers.push(pick(2) === 0 ? row : await system.repo(paper).update(row.id, patch));
  }
  const gone = folders.filter(() => pick(7) === 0).map((row) => row.id);
  const lost = papers.filter((row) => row.folderId === null && pick(3) === 0).map((row) => row.id);
  const seen = new Set<string>();
  const shares = Array.from({ length: 30 }, (): Share => {
    const entity = pick(2) === 0 ? "folder" : "paper";
    const list = entity === "folder" ? folders : papers;
    const to = pick(3);
    return {
      entity,
      recordId: (list[pick(list.length)] as { id: string }).id,
      userId: to === 0 ? anyone() : null,
      teamId: to === 1 ? anyTeam() : null,
      role: to === 2 ? (roleNames[pick(3)] as string) : null,
      level: pick(2) === 0 ? "read" : "edit",
    };
  }).filter(({ level: _, ...key }) => {
    const text = JSON.stringify(key);
    return !seen.has(text) && seen.add(text);
  });
  const shareRows = await system.repo(recordShare).createMany(shares as never);
  const ended = new Set(shareRows.filter(() => pick(6) === 0).map((row) => row.id));
  await system.repo(recordShare).deleteMany([...ended]);
  await system.repo(folder).deleteMany(gone);
  await system.repo(paper).deleteMany(lost);
  const living = new Set(gone);
  return {
    users,
    teams,
    members: memberRows.filter((row) => !left.has(row.id)),
    folders: folders.filter((row) => !living.has(row.id)),
    // What lies in a folder goes into the bin with it.
    papers: papers.filter((row) => !lost.includes(row.id) && !living.has(row.folderId ?? "")),
    shares: shareRows.filter((row) => !ended.has(row.id)),
    past: { asOf, folders: firstFolders, papers: firstPapers },
    whole: { folders, papers },
  };
}
