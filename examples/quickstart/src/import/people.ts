import type { Session } from "../crm.js";
import { nameKey, optionalText, requiredText } from "../data/cells.js";
import type { CsvRow, CsvTable } from "../data/csv.js";
import { acceptedKeys, type Ids, loadIds } from "./ids.js";
import { importTable } from "./import-table.js";
import type { RejectedRows } from "./rejected-rows.js";

export const PEOPLE_COLUMNS = ["sales_agent", "manager", "regional_office"] as const;

type Column = (typeof PEOPLE_COLUMNS)[number];
type Cells = Readonly<Record<Column, string>>;
type Row = CsvRow<Column>;

/** Sales agents as users by the key of their name, each with the manager, and a team per manager and region. */
export async function importPeople(
  session: Session,
  table: CsvTable<Column>,
  rejected: RejectedRows,
): Promise<Ids> {
  const rows: Row[] = [];
  for await (const row of table.rows()) rows.push(row);
  const file = table.name;
  const managers = await importManagers(session, file, rows, rejected);
  const { ids, refused } = await importAgents(session, file, rows, rejected, managers);
  const kept = rows.filter((row) => !refused.has(row.line));
  await importTeams(session, file, kept, rejected, managers, ids);
  return ids;
}

async function importManagers(
  session: Session,
  file: string,
  rows: readonly Row[],
  rejected: RejectedRows,
): Promise<Ids> {
  const { user } = session.entities;
  const seen = new Set<string>();
  await importTable(user, {
    file,
    rows: rows.filter((row) => "cells" in row),
    rejected,
    key: ["externalId"],
    columns: { name: "manager", externalId: "manager" },
    map: (cells) => {
      const name = optionalText(cells, "manager");
      if (name === null || seen.has(nameKey(name))) return null;
      seen.add(nameKey(name));
      return { externalId: nameKey(name), name };
    },
  });
  return userIds(session, seen);
}

async function importAgents(
  session: Session,
  file: string,
  rows: readonly Row[],
  rejected: RejectedRows,
  managers: Ids,
): Promise<{ readonly ids: Ids; readonly refused: ReadonlySet<number> }> {
  const { user } = session.entities;
  const keys = new Map<number, string>();
  const { refused } = await importTable(user, {
    file,
    rows,
    rejected,
    key: ["externalId"],
    columns: { name: "sales_agent", externalId: "sales_agent", managerId: "manager" },
    map: (cells, line) => {
      const name = requiredText(cells, "sales_agent");
      keys.set(line, nameKey(name));
      const managerId = managers.get(nameKey(cells.manager));
      return { externalId: nameKey(name), name, ...(managerId ? { managerId } : {}) };
    },
  });
  return { ids: await userIds(session, acceptedKeys(keys, refused)), refused };
}

async function importTeams(
  session: Session,
  file: string,
  rows: readonly Row[],
  rejected: RejectedRows,
  managers: Ids,
  agents: Ids,
): Promise<void> {
  const { team, teamMember } = session.entities;
  const names = new Map<string, string>();
  await importTable(team, {
    file,
    rows,
    rejected,
    key: ["name"],
    columns: { name: "manager", region: "regional_office", managerId: "manager" },
    map: (cells) => {
      const managerId = managers.get(nameKey(cells.manager));
      const name = teamName(cells);
      if (!managerId || names.has(nameKey(name))) return null;
      names.set(nameKey(name), name);
      return { name, region: optionalText(cells, "regional_office"), managerId };
    },
  });
  const teams = await loadIds(names.values(), async (wanted) => {
    const { items } = await team.find({ where: { name: { in: wanted } }, limit: wanted.length });
    return { items: items.map(({ id, name }) => ({ id, externalId: nameKey(name) })) };
  });
  await importTable(teamMember, {
    file,
    rows,
    rejected,
    key: ["teamId", "userId"],
    columns: { teamId: "manager", userId: "sales_agent" },
    map: (cells) => {
      const teamId = teams.get(nameKey(teamName(cells)));
      const userId = agents.get(nameKey(cells.sales_agent));
      return teamId && userId ? { teamId, userId } : null;
    },
  });
}

function teamName(cells: Cells): string {
  const manager = cells.manager.trim();
  const region = optionalText(cells, "regional_office");
  return region === null ? manager : `${manager}, ${region}`;
}

function userIds(session: Session, keys: Iterable<string>): Promise<Ids> {
  return loadIds(keys, (externalIds) =>
    session.entities.user.find({
      where: { externalId: { in: externalIds } },
      select: ["id", "externalId"],
      limit: externalIds.length,
    }),
  );
}
