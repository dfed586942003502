import type { EntityGrant, Reach, RecordRight, Role } from "@corm/core";
import type { Folder, Paper } from "./vault.js";
import type { World } from "./world.js";

export type EntityName = "folder" | "paper";
export type Rec = Folder | Paper;

export interface Who {
  readonly userId: string;
  readonly roles: readonly Role[];
}

/** The rules of access once more, in the plainest words: record by record, by looking through lists. */
export class Oracle {
  constructor(
    private readonly world: World,
    private readonly who: Who,
  ) {}

  list(entity: EntityName): readonly Rec[] {
    return entity === "folder" ? this.world.folders : this.world.papers;
  }

  may(right: RecordRight, entity: EntityName, record: Rec): boolean {
    if (entity === "folder" && (record as Folder).vip === true && !this.hasRole("vipDesk")) return false;
    return this.who.roles.some((role) => {
      const grant = this.grantOf(role, entity);
      if (!grant) return false;
      if (
        grant.only &&
        !this.meets(grant.only as { rank?: { gte: number }; pages?: { gte: number } }, record)
      )
        return false;
      const given = grant[right] ?? [];
      return ([given].flat() as Reach[]).some((reach) => this.reaches(reach, right, entity, record));
    });
  }

  readable(entity: EntityName): readonly Rec[] {
    return this.list(entity).filter((record) => this.may("read", entity, record));
  }

  /** Of the records as they were: those whose state then and whose state now may both be read. */
  readableThen(entity: EntityName): readonly Rec[] {
    const { past, whole } = this.world;
    const [then, now] = entity === "folder" ? [past.folders, whole.folders] : [past.papers, whole.papers];
    const readableNow = new Set(
      (now as readonly Rec[]).filter((record) => this.may("read", entity, record)).map((record) => record.id),
    );
    return (then as readonly Rec[]).filter(
      (record) => readableNow.has(record.id) && this.may("read", entity, record),
    );
  }

  /** Whether any role may do this to any record of the entity at all. */
  has(right: RecordRight, entity: EntityName): boolean {
    return this.who.roles.some((role) => {
      const given = this.grantOf(role, entity)?.[right];
      return given !== undefined && [given].flat().length > 0;
    });
  }

  sees(entity: EntityName, field: string): boolean {
    return this.who.roles.some((role) => {
      const grant = this.grantOf(role, entity);
      if (!grant) return false;
      const named = (grant.fields as Record<string, string> | undefined)?.[field];
      const right = named ?? (["pin", "note"].includes(field) ? (grant.sensitive ?? "none") : "write");
      return right === "read" || right === "write";
    });
  }

  private hasRole(name: string): boolean {
    return this.who.roles.some((role) => role.name === name);
  }

  private grantOf(role: Role, entity: EntityName): EntityGrant | undefined {
    return role.entities[entity] ?? role.entities["*"];
  }

  private meets(only: { rank?: { gte: number }; pages?: { gte: number } }, record: Rec): boolean {
    const atLeast = (value: number | null, least: number | undefined) =>
      least === undefined || (value !== null && value >= least);
    return (
      atLeast((record as Folder).rank ?? null, only.rank?.gte) &&
      atLeast((record as Paper).pages ?? null, only.pages?.gte)
    );
  }

  private reaches(reach: Reach, right: RecordRight, entity: EntityName, record: Rec): boolean {
    const me = this.who.userId;
    const { members, users, shares, folders } = this.world;
    const myTeams = members.filter((m) => m.userId === me).map((m) => m.teamId);
    switch (reach) {
      case "all":
        return true;
      case "own":
        return record.ownerId === me;
      case "team":
        return (
          record.ownerId === me ||
          members.some((m) => m.userId === record.ownerId && myTeams.includes(m.teamId)) ||
          (entity === "folder" && myTeams.includes((record as Folder).teamId ?? ""))
        );
      case "subtree": {
        for (let at = record.ownerId as string | null, steps = 0; at !== null && steps < 20; steps += 1) {
          if (at === me) return true;
          const person = users.find((u) => u.id === at);
          at = person?.managerId ?? null;
        }
        return false;
      }
      case "shared":
        return shares.some(
          (share) =>
            share.entity === entity &&
            share.recordId === record.id &&
            (right === "read" || share.level === "edit") &&
            (share.userId === me || myTeams.includes(share.teamId ?? "") || this.hasRole(share.role ?? "-")),
        );
      case "parent": {
        if (entity === "folder") return false;
        const parent = folders.find((f) => f.id === (record as Paper).folderId);
        return parent !== undefined && this.may("read", "folder", parent);
      }
    }
  }
}
