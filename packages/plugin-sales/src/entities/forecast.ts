import {
  date,
  defineEntity,
  filledByHook,
  type Input,
  instant,
  money,
  one,
  oneOf,
  type Row,
  reference,
  Type,
  team,
  user,
} from "@corm/core";
import { PERIOD } from "../forecast/period.js";
import { territory } from "./territory.js";

const period = () =>
  Type.String({ pattern: PERIOD, maxLength: 7, description: "`2026`, `2026-Q1` or `2026-03`" });
const categories = ["omitted", "pipeline", "bestCase", "commit", "closed"] as const;

const entryDraft = defineEntity("forecastEntry", {
  fields: {
    /** Who adjusts. Default: the caller. */
    managerId: filledByHook(reference(user, { onDelete: "cascade" })),
    /** Whose forecast: somebody directly below him, or he himself. */
    userId: reference(user, { onDelete: "cascade" }),
    period: period(),
    category: oneOf(["pipeline", "bestCase", "commit"]),
    /** What he expects instead, in the reporting currency. */
    amount: money(),
    note: Type.Optional(Type.String({ maxLength: 2000 })),
  },
  relations: { manager: one("managerId"), user: one("userId") },
  access: { owner: "managerId" },
  unique: [["managerId", "userId", "period", "category"]],
  indexes: [["period"]],
  immutable: ["managerId", "userId", "period", "category"],
});

export interface ForecastEntry extends Row<typeof entryDraft> {}
export interface ForecastEntryInput extends Input<typeof entryDraft> {}
/** A manager's adjustment. The figures that it adjusts stay as they are. */
export const forecastEntry = entryDraft.as<ForecastEntry, ForecastEntryInput>();

const snapshotDraft = defineEntity("forecastSnapshot", {
  fields: {
    /** The day at whose end it was taken, by the clock of the seller. */
    day: date(),
    /** The instant whose state it shows: the same as `asOf`. */
    takenAt: instant(),
    period: period(),
    ownerId: Type.Optional(reference(user, { onDelete: "set null" })),
    /** The owner, or `none`. */
    ownerKey: Type.String({ maxLength: 36 }),
    category: oneOf(categories),
    count: Type.Integer({ minimum: 0 }),
    amount: money(),
    weighted: money(),
  },
  relations: { owner: one("ownerId") },
  unique: [["day", "period", "ownerKey", "category"]],
  immutable: ["day", "takenAt", "period", "ownerKey", "category", "count", "amount", "weighted"],
});

export interface ForecastSnapshot extends Row<typeof snapshotDraft> {}
export interface ForecastSnapshotInput extends Input<typeof snapshotDraft> {}
/** What one owner had in one category of a period at the end of a day. Written every night. */
export const forecastSnapshot = snapshotDraft.as<ForecastSnapshot, ForecastSnapshotInput>();

const quotaDraft = defineEntity("quota", {
  fields: {
    /** Whose it is: a user's, a team's or a territory's. */
    userId: Type.Optional(reference(user, { onDelete: "cascade" })),
    teamId: Type.Optional(reference(team, { onDelete: "cascade" })),
    territoryId: Type.Optional(reference(territory, { onDelete: "cascade" })),
    period: period(),
    amount: money(),
  },
  relations: { user: one("userId"), team: one("teamId"), territory: one("territoryId") },
  access: { owner: "userId", team: "teamId" },
  unique: [
    ["userId", "period"],
    ["teamId", "period"],
    ["territoryId", "period"],
  ],
  indexes: [["period"]],
  immutable: ["userId", "teamId", "territoryId", "period"],
});

export interface Quota extends Row<typeof quotaDraft> {}
export interface QuotaInput extends Input<typeof quotaDraft> {}
/** What somebody is to sell in a period. */
export const quota = quotaDraft.as<Quota, QuotaInput>();
