import { defineAction, Type, team, teamMember } from "@corm/core";
import { requireUser } from "../acting-user.js";
import { MAX_CANDIDATES } from "../assignment/candidates.js";
import { agent } from "../entities/agent.js";
import { type PerformanceTarget, performanceTarget } from "../entities/performance-target.js";
import { teamSkill, userSkill } from "../entities/skill.js";
import { performanceOf } from "../people/performance.js";

/** Skills that a team needs and lacks. `POST /api/teams/{id}/skill-gaps` */
export const skillGaps = defineAction({
  name: "skillGaps",
  on: team,
  label: "Skill gaps",
  description: "Compares the skills that the team needs with those that its active members have.",
  readOnly: true,
  input: Type.Object({}),
  output: Type.Object({
    gaps: Type.Array(
      Type.Object({
        skill: Type.String(),
        name: Type.String(),
        level: Type.Integer(),
        required: Type.Integer(),
        present: Type.Integer(),
        /** How many are missing. */
        gap: Type.Integer(),
      }),
    ),
  }),
  run: async ({ record }, ctx) => {
    const { items: needed } = await ctx.repo(teamSkill).find({
      where: { teamId: record.id },
      include: ["skill"],
      orderBy: ["id"],
      limit: MAX_CANDIDATES,
    });
    const { items: members } = await ctx.repo(teamMember).find({
      where: { teamId: record.id, user: { active: true } },
      select: ["id", "userId"],
      limit: MAX_CANDIDATES,
    });
    const ids = members.map(({ userId }) => userId);
    const levels: { skillId: string; level: number }[] = [];
    if (ids.length > 0)
      for await (const { skillId, level } of ctx.repo(userSkill).stream({ where: { userId: { in: ids } } }))
        levels.push({ skillId, level });
    const gaps = needed.flatMap(({ skill, skillId, level, people }) => {
      const present = levels.filter((own) => own.skillId === skillId && own.level >= level).length;
      if (!skill) return [];
      const gap = Math.max(0, people - present);
      return [{ skill: skill.key, name: skill.name, level, required: people, present, gap }];
    });
    return { gaps };
  },
});

/** Says that the caller is there, or is not. `POST /api/actions/workflow.set-presence` @throws forbidden */
export const setPresence = defineAction({
  name: "setPresence",
  permission: "workflow.setPresence",
  label: "Set one's presence",
  description: "Says whether the caller takes work now. Whoever is not online is given nothing.",
  input: Type.Object({ presence: Type.Enum(["online", "away", "offline"]) }),
  output: Type.Object({ presence: Type.String() }),
  run: async ({ input: { presence } }, ctx) => {
    const userId = requireUser(ctx, "Presence");
    const system = ctx.asSystem({ capability: "workflow.presence", reason: "own presence" });
    await system.repo(agent).upsertMany([{ userId, presence }], ["userId"]);
    return { presence };
  },
});

/** What people have reached of their targets. `POST /api/actions/workflow.performance` */
export const performance = defineAction({
  name: "performance",
  permission: "workflow.performance",
  label: "Performance against targets",
  description: "Measures people's targets that hold on a day, as the caller may see the records.",
  readOnly: true,
  input: Type.Object({
    /** Default today, in UTC. */
    on: Type.Optional(Type.String({ format: "date" })),
    userId: Type.Optional(Type.String({ format: "uuid" })),
    teamId: Type.Optional(Type.String({ format: "uuid" })),
  }),
  output: Type.Object({
    people: Type.Array(
      Type.Object({
        userId: Type.String(),
        metric: Type.String(),
        from: Type.String(),
        until: Type.String(),
        target: Type.Number(),
        actual: Type.Union([Type.Number(), Type.Null()]),
        attainment: Type.Union([Type.Number(), Type.Null()]),
      }),
    ),
  }),
  run: async ({ input: { on, userId, teamId } }, ctx) => {
    const day = on ?? ctx.now().slice(0, 10);
    const members =
      teamId === undefined
        ? undefined
        : await ctx
            .repo(teamMember)
            .find({ where: { teamId }, select: ["id", "userId"], limit: MAX_CANDIDATES });
    const { items } = await ctx.repo(performanceTarget).find({
      where: {
        from: { lte: day },
        until: { gte: day },
        ...(userId === undefined ? {} : { userId }),
        ...(members === undefined
          ? {}
          : { and: [{ userId: { in: members.items.map((one) => one.userId) } }] }),
      },
      orderBy: ["userId", "metric"],
      limit: MAX_CANDIDATES,
    });
    return { people: await performanceOf(ctx, items as PerformanceTarget[]) };
  },
});
