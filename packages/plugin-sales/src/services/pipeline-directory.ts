import { type BusinessCalendar, type Context, calendar } from "@corm/core";
import { type Pipeline, pipeline } from "../entities/pipeline.js";
import { settingsOf } from "./settings.js";

/** Pipelines with the hours in which they are worked on. */
export interface PipelineDirectory {
  byId(id: string): Pipeline | undefined;
  /** Of a pipeline that has one. */
  calendarOf(pipelineId: string): BusinessCalendar | undefined;
}

/** The given pipelines in two queries, however many there are. */
export async function loadPipelines(ctx: Context, ids: Iterable<string>): Promise<PipelineDirectory> {
  const wanted = [...new Set(ids)];
  const system = ctx.asSystem({ capability: "sales.pipelines", reason: "rules of a pipeline" });
  const pipelines = new Map<string, Pipeline>();
  if (wanted.length > 0)
    for await (const one of system.repo(pipeline).stream({ where: { id: { in: wanted } }, limit: 500 }))
      pipelines.set(one.id, one);
  const calendars = new Map<string, BusinessCalendar>();
  const calendarIds = [...new Set([...pipelines.values()].flatMap(({ calendarId }) => calendarId ?? []))];
  if (calendarIds.length > 0)
    for await (const one of system.repo(calendar).stream({ where: { id: { in: calendarIds } }, limit: 500 }))
      calendars.set(one.id, settingsOf(ctx).calendars.of(one));
  return {
    byId: (id) => pipelines.get(id),
    calendarOf: (id) => calendars.get(pipelines.get(id)?.calendarId ?? ""),
  };
}
