import { defineService } from "../../services/define-service.js";

/** Who looks after which records by where they belong. A plugin that has territories provides it. */
export interface Territories {
  /** For each record the users of the territory that it falls into; none where it falls into none. */
  usersOf(target: string, recordIds: readonly string[]): Promise<ReadonlyMap<string, readonly string[]>>;
}

export const territories = defineService<Territories>("crm.territories");
