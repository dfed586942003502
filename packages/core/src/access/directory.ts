import type { AnyEntity } from "../entity/entity.js";
import type { EntityModel } from "../model/entity-model.js";

/** Where a plugin keeps who belongs together: what the reaches `team`, `subtree` and `shared` are looked up in. */
export interface AccessDirectory {
  /** Who is in which team. */
  readonly members: { readonly entity: AnyEntity; readonly team: string; readonly user: string };
  /** Everybody below somebody, at any depth: one record per pair. */
  readonly subordinates: { readonly entity: AnyEntity; readonly manager: string; readonly user: string };
  /** Which records were shared with whom. */
  readonly shares: {
    readonly entity: AnyEntity;
    /** Name of the shared record's entity. */
    readonly of: string;
    readonly record: string;
    readonly user: string;
    readonly team: string;
    readonly role: string;
    /** `read` or `edit`. */
    readonly level: string;
  };
}

interface Place<C extends string> {
  readonly table: string;
  readonly columns: Readonly<Record<C, string>>;
}

/** The same as tables and columns. */
export interface DirectoryTables {
  readonly members: Place<"team" | "user">;
  readonly subordinates: Place<"manager" | "user">;
  readonly shares: Place<"of" | "record" | "user" | "team" | "role" | "level">;
}

/** Resolves a directory's names, and lists what is wrong with it. */
export function directoryTables(
  owner: string,
  directory: AccessDirectory,
  entities: ReadonlyMap<string, EntityModel>,
): { readonly tables: DirectoryTables; readonly problems: readonly string[] } {
  const problems: string[] = [];
  const place = <C extends string>(what: keyof AccessDirectory, names: readonly C[]): Place<C> => {
    const part = directory[what] as unknown as Record<C, string> & { readonly entity: AnyEntity };
    const model = entities.get(part.entity.name);
    const columns = names.map((name) => {
      const field = model?.fields.get(part[name]);
      if (!field)
        problems.push(
          `plugin "${owner}": its access directory names "${part.entity.name}.${part[name]}", which does not exist`,
        );
      return [name, field?.column ?? ""];
    });
    return { table: model?.table ?? "", columns: Object.fromEntries(columns) as Record<C, string> };
  };
  return {
    tables: {
      members: place("members", ["team", "user"]),
      subordinates: place("subordinates", ["manager", "user"]),
      shares: place("shares", ["of", "record", "user", "team", "role", "level"]),
    },
    problems,
  };
}
